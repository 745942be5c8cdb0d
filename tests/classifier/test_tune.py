"""The encoder learns from labelled posts; skipped without the extra [train]."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from classifier.encoder import tune
from classifier.encoder.tune import Tuning

if importlib.util.find_spec("torch"):
    import torch

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs the extra [train]"),
    pytest.mark.filterwarnings("ignore"),
]


WORDS = {"training": (10, 20), "aid": (20, 30), "neither": (30, 40)}  # from which token ids each kind of post draws
LABELS = {"training": [1.0, 0.0], "aid": [0.0, 1.0], "neither": [0.0, 0.0]}
EACH = 12
QUICK = Tuning(epochs=6, rate=2e-3, batch=8, dropout=0.0)


@pytest.fixture(autouse=True)
def _torch_as_it_was():
    """Tuning fixes threads and asks for sums in a fixed order: for the whole process."""
    threads = torch.get_num_threads()
    yield
    torch.use_deterministic_algorithms(False)
    torch.set_num_threads(threads)


@pytest.fixture
def network():
    """A BertModel of random weights, the same ones each time."""
    from transformers import BertConfig, BertModel

    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    return BertModel(BertConfig(vocab_size=50, **sizes), add_pooling_layer=False).eval()


def posts(seed: int = 0):
    """Toy posts of each kind: token ids, labels, and of which kind each is."""
    random = np.random.default_rng(seed)
    kinds = [kind for kind in WORDS for _ in range(EACH)]
    rows = [[0, *random.integers(*WORDS[kind], size=random.integers(4, 9)), 2] for kind in kinds]
    return rows, np.array([LABELS[kind] for kind in kinds]), np.array(kinds)


def learn(network, tuning=QUICK, seed=3, rows=None):
    """The steps that were told."""
    given, labels, _ = posts()
    seen = []
    tune.tune(network, rows or given, labels, tuning, seed, lambda *step: seen.append(step))
    return seen


def weights(network) -> dict[str, bytes]:
    return {name: value.numpy().tobytes() for name, value in network.state_dict().items()}


def loss_of(network, rows, labels, way):
    tuning = replace(QUICK, way=way)
    if way == "topics":
        return tune._topics_loss(network, rows, labels, tuning)
    return tune._contrast_loss(labels, tuning)


def apart(network) -> float:
    """How much nearer unseen posts are to those of their own kind than to others, as cosines."""
    rows, _, kinds = posts(seed=1)
    found = tune.vectors(network, rows)
    cosines, alike = found @ found.T, kinds[:, None] == kinds[None]
    return float(cosines[alike].mean() - cosines[~alike].mean())


@pytest.mark.parametrize("way", ["topics", "contrast"])
def test_like_posts_come_nearer_and_others_go_apart(network, way):
    before = apart(network)
    learn(network, tuning=replace(QUICK, way=way))
    assert apart(network) > before + 0.05


@pytest.mark.parametrize("way", ["topics", "contrast"])
def test_the_loss_falls(network, way):
    rows, labels, _ = posts()
    loss = loss_of(network, rows, labels, way)
    measured = []
    for _ in range(2):
        with torch.no_grad():
            measured.append(float(loss.of(tune.pooled(network, rows), list(range(len(rows))))))
        learn(network, tuning=replace(QUICK, way=way))
    least = {"topics": 0, "contrast": np.log(EACH - 1)}[way]  # with all others of its kind equally near
    assert measured[1] - least < (measured[0] - least) / 2


@pytest.mark.parametrize("way", ["topics", "contrast"])
def test_the_same_seed_gives_the_same_bytes_and_another_does_not(network, way):
    begun = {name: value.clone() for name, value in network.state_dict().items()}
    found = []
    for seed in (3, 3, 4):
        network.load_state_dict(begun)
        learn(network, tuning=replace(QUICK, way=way, epochs=1, dropout=0.1), seed=seed)
        found.append(weights(network))
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_word_embeddings_stay_and_layers_move(network):
    before = weights(network)
    learn(network, tuning=replace(QUICK, epochs=1))
    after = weights(network)
    assert all(after[name] == before[name] for name in before if name.startswith("embeddings."))
    assert all(after[name] != before[name] for name in before if name.endswith("dense.weight"))


@pytest.mark.parametrize("way", ["topics", "contrast"])
def test_an_unknown_label_moves_nothing(network, way):
    """Whatever the text of unknown labels says: the loss on the others does not see it, nor does its gradient."""
    rows, labels, _ = posts()
    labels[5] = np.nan
    loss = loss_of(network, rows, labels, way)
    means = tune.pooled(network, rows).detach().requires_grad_()
    loss.of(means, list(range(len(rows)))).backward()
    moved = means.grad.abs().sum(dim=1)
    assert moved[5] == 0
    assert (np.delete(moved.numpy(), 5) > 0).all()


def test_a_batch_of_unknown_labels_alone_gives_no_pull_in_contrast(network):
    labels = np.full((4, 2), np.nan)
    rows = posts()[0][:4]
    means = tune.pooled(network, rows).detach().requires_grad_()
    value = tune._contrast_loss(labels, QUICK).of(means, range(4))
    value.backward()
    assert float(value) == 0
    assert not means.grad.any()


def test_a_text_longer_than_the_limit_is_cut_before_its_last_token_and_progress_reaches_the_end(network):
    rows, _, _ = posts()
    long = [[0, *range(10, 40), *range(10, 40), 2], *rows[1:]]
    short = [[0, *range(10, 24), 2], *rows[1:]]
    begun = {name: value.clone() for name, value in network.state_dict().items()}
    found = []
    for given in (long, short):
        network.load_state_dict(begun)
        seen = learn(network, tuning=replace(QUICK, epochs=1, tokens=16), rows=given)
        assert seen == [(n, 5) for n in range(1, 6)]
        found.append(weights(network))
    assert found[0] == found[1]


def test_the_learning_rate_rises_and_then_falls_to_nothing():
    paces = [tune._pace(step, 100, 0.1) for step in range(100)]
    assert paces.index(max(paces)) in (9, 10)
    assert paces[0] == pytest.approx(0.1)
    assert 0 < paces[-1] < 0.02
