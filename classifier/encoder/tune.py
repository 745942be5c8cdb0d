"""Tune the whole encoder to the topics: labelled posts in, the same network with better weights out. Needs torch.

Two ways, which `classifier.compare` measures against each other and against the encoder as it came:
- topics: binary cross-entropy of one linear head a topic and one for relevance, all layers trained along;
- contrast: posts of like labels are drawn together, others pushed apart (supervised contrast, Khosla et al., 2020;
  of several labels: by the share that two posts have in common).
Word embeddings stay as they are: few posts would move few of their rows. The learning rate falls from layer to
layer (Howard and Ruder, 2018), because lower layers hold what is common to all languages. The heads begin where
logistic regression on the frozen encoder ends. What is learned here are the encoder's weights alone: its heads are
dropped, and those that ship are fitted on the vectors of the quantised encoder (classifier.fitting).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from classifier import fitting
from classifier.logistic import Floats

Rows = Sequence[Sequence[int]]  # token ids of texts, prefix and special tokens included
Progress = Callable[[int, int], None]
THREADS = 1  # fixed: sums in another order would give other weights; two wait for each other where others compute
_SORTED_OVER = 25  # batches that are filled by length together: less padding, still random
_PENALTY = 0.2  # of the logistic regression from which the heads begin
_BETAS, _CLIP, _PADDING, _EIGHT = (0.9, 0.98), 1.0, 1, 8


@dataclass(frozen=True)
class Tuning:
    """`rate` is the last layer's learning rate; each layer below has `decay` of the one above it.

    `tokens`: longer texts are cut in training (4 in 100 are). `warmup`: the share of steps in which rates rise;
    after it they fall to 0 in a line. `temperature` is that of contrast.
    """

    way: Literal["topics", "contrast"] = "topics"
    epochs: int = 5
    rate: float = 2.5e-4
    decay: float = 0.9
    head_rate: float = 1e-3
    batch: int = 16
    tokens: int = 96
    dropout: float = 0.1
    weight_decay: float = 0.01
    warmup: float = 0.1
    temperature: float = 0.1


def tune(network: Any, rows: Rows, labels: Floats, tuning: Tuning, seed: int, progress: Progress) -> None:
    """Train `network` (a BertModel of 32 bits) in place on texts and their labels (n x K; NaN: not known).

    Same texts, seed and kind of processor: the same weights. In 16 bits (bfloat16) where precision allows it.
    """
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    random = np.random.default_rng(seed)
    cut = [(*row[: tuning.tokens - 1], row[-1]) if len(row) > tuning.tokens else tuple(row) for row in rows]
    loss = _topics_loss(network, cut, labels, tuning) if tuning.way == "topics" else _contrast_loss(labels, tuning)
    _drop(network, tuning.dropout)
    optimizer, rates = _optimizer(network, loss.parameters, tuning)
    plan = [list(_batches(cut, tuning.batch, random)) for _ in range(tuning.epochs)]
    steps = [batch for epoch in plan for batch in epoch]
    for step, batch in enumerate(steps):
        _set_rates(optimizer, rates, _pace(step, len(steps), tuning.warmup))
        network.train()
        with torch.autocast("cpu", torch.bfloat16):
            found = pooled(network, [cut[i] for i in batch])
        optimizer.zero_grad()
        loss.of(found.float(), batch).backward()
        torch.nn.utils.clip_grad_norm_([*network.parameters(), *loss.parameters], _CLIP)
        optimizer.step()
        progress(step + 1, len(steps))
    _drop(network, 0.0)
    network.eval()


def vectors(network: Any, rows: Rows, batch: int = 32) -> Floats:
    """One vector of length 1 for each text, in 32 bits."""
    import torch

    network.eval()
    found = np.zeros((len(rows), network.config.hidden_size))
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    with torch.no_grad():
        for first in range(0, len(order), batch):
            chosen = order[first : first + batch]
            mean = pooled(network, [rows[i] for i in chosen])
            found[chosen] = torch.nn.functional.normalize(mean, dim=1).numpy()
    return found


def pooled(network: Any, rows: Rows) -> Any:
    """The mean of the last layer over each text's tokens; padded to a multiple of eight."""
    import torch

    longest = -(-max(map(len, rows)) // _EIGHT) * _EIGHT
    ids = torch.full((len(rows), longest), _PADDING)
    mask = torch.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    states = network(input_ids=ids, attention_mask=mask).last_hidden_state.float()
    weights = mask.unsqueeze(-1).float()
    return (states * weights).sum(1) / weights.sum(1)


@dataclass(frozen=True)
class _Loss:
    """`of` (means, which texts) is what training lowers; `parameters` are trained beside the network's."""

    of: Callable[[Any, Sequence[int]], Any]
    parameters: list[Any]


def _topics_loss(network: Any, rows: Rows, labels: Floats, tuning: Tuning) -> _Loss:
    import torch
    from torch.nn import functional

    start = vectors(network, rows)
    linear = fitting.fit(fitting.Examples(start, labels), fitting.Recipe(_PENALTY, 1.0))
    centre = start.mean(axis=0)
    spread = float(np.sqrt(((start - centre) ** 2).sum(axis=1).mean()))
    head = torch.nn.Linear(start.shape[1], labels.shape[1] + 1)
    head.weight.data = torch.tensor(linear.weights * spread).float()
    head.bias.data = torch.tensor(linear.bias + linear.weights @ centre).float()
    middle = torch.tensor(centre).float()
    known, wanted = _known(np.column_stack([labels, fitting.relevance(labels)]))

    def of(means: Any, chosen: Sequence[int]) -> Any:
        inputs = (functional.normalize(means, dim=1) - middle) / spread
        odds = head(functional.dropout(inputs, tuning.dropout))
        counted = known[chosen]
        apart = functional.binary_cross_entropy_with_logits(odds, wanted[chosen], weight=counted, reduction="sum")
        return apart / counted.sum()

    return _Loss(of, list(head.parameters()))


def _contrast_loss(labels: Floats, tuning: Tuning) -> _Loss:
    """Off-topic posts are of like labels too; a text with an unknown label draws and pushes nothing."""
    import torch
    from torch.nn import functional

    whole = torch.tensor(~np.isnan(labels).any(axis=1)).float()
    wanted = torch.tensor(
        np.column_stack([np.nan_to_num(labels), 1 - np.nan_to_num(fitting.relevance(labels))])
    ).float()

    def of(means: Any, chosen: Sequence[int]) -> Any:
        found, held, counted = functional.normalize(means, dim=1), wanted[chosen], whole[chosen]
        common = held @ held.T
        either = held.sum(1)[:, None] + held.sum(1)[None] - common
        others = (1 - torch.eye(len(chosen))) * counted[:, None] * counted[None]
        alike = common / either.clamp(min=1) * others
        near = (found @ found.T / tuning.temperature).masked_fill(others == 0, -1e9)
        apart = near - torch.logsumexp(near, 1, keepdim=True)
        drawn = alike.sum(1)
        each = -(alike * apart).sum(1) / drawn.clamp(min=1e-6)
        return (each * (drawn > 0)).sum() / (drawn > 0).sum().clamp(min=1)

    return _Loss(of, [])


def _known(labels: Floats) -> tuple[Any, Any]:
    import torch

    return torch.tensor(~np.isnan(labels)).float(), torch.tensor(np.nan_to_num(labels)).float()


def _drop(network: Any, share: float) -> None:
    import torch

    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = share


def _optimizer(network: Any, heads: list[Any], tuning: Tuning) -> tuple[Any, list[float]]:
    import torch

    for parameter in network.embeddings.parameters():
        parameter.requires_grad = False
    groups: list[dict[str, Any]] = [{"params": heads, "lr": tuning.head_rate, "weight_decay": tuning.weight_decay}]
    layers = list(network.encoder.layer)
    for below, layer in enumerate(reversed(layers)):
        for plain in (False, True):  # biases and norms are not drawn towards 0
            params = [p for name, p in layer.named_parameters() if ("bias" in name or "LayerNorm" in name) == plain]
            decayed = 0.0 if plain else tuning.weight_decay
            groups.append({"params": params, "lr": tuning.rate * tuning.decay**below, "weight_decay": decayed})
    kept = [group for group in groups if group["params"]]
    return torch.optim.AdamW(kept, betas=_BETAS), [group["lr"] for group in kept]


def _set_rates(optimizer: Any, rates: Sequence[float], pace: float) -> None:
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["lr"] = rate * pace


def _pace(step: int, steps: int, warmup: float) -> float:
    risen = (step + 1) / max(warmup * steps, 1)
    return min(risen, 1.0) * min(1.0, (steps - step) / max((1 - warmup) * steps, 1))


def _batches(rows: Rows, size: int, random: np.random.Generator) -> Iterator[list[int]]:
    """Every text once, with others of about its length, in random order."""
    order: NDArray[np.int_] = random.permutation(len(rows))
    found: list[list[int]] = []
    for first in range(0, len(order), size * _SORTED_OVER):
        pool = sorted(order[first : first + size * _SORTED_OVER].tolist(), key=lambda i: len(rows[i]))
        found += [pool[i : i + size] for i in range(0, len(pool), size)]
    return (found[i] for i in random.permutation(len(found)))
