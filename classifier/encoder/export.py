"""From a BertModel of transformers to an ONNX graph that gives one normalised vector a text."""

import warnings
from pathlib import Path
from typing import Any

OUTPUT = "sentence_vec"
_INPUTS = ("input_ids", "attention_mask")
_OPSET = 17


def load(folder: Path) -> Any:
    """The BertModel in `folder`, with attention as plain matrix products: those are what quantisation rewrites."""
    from transformers import BertModel

    return BertModel.from_pretrained(str(folder), add_pooling_layer=False, attn_implementation="eager").eval()


def keep_rows(model: Any, rows: list[int]) -> None:
    """Cut the word embeddings of `model` to `rows`, in place."""
    import torch

    old = model.embeddings.word_embeddings.weight.data
    cut = torch.nn.Embedding(len(rows), old.shape[1])
    cut.weight.data = old[torch.tensor(rows)].clone()
    model.embeddings.word_embeddings = cut
    model.config.vocab_size = len(rows)
    model.config.pad_token_id = 1


def export(model: Any, file: Path) -> None:
    """Token ids and mask in (batch x length), vectors out (batch x hidden)."""
    import torch

    ids = torch.tensor([[0, 5, 6, 7, 2], [0, 5, 6, 2, 1]])
    mask = (ids != 1).long()
    lengths = {name: {0: "batch", 1: "seq"} for name in _INPUTS}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter is old; the graphs of the new one ran slower in int8
        torch.onnx.export(
            _pooled(model),
            (ids, mask),
            str(file),
            dynamo=False,
            opset_version=_OPSET,
            input_names=list(_INPUTS),
            output_names=[OUTPUT],
            dynamic_axes={**lengths, OUTPUT: {0: "batch"}},
        )


def _pooled(model: Any) -> Any:
    import torch

    class Pooled(torch.nn.Module):  # type: ignore[misc]
        """The mean of the last layer over the tokens that are not padding, of length 1."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            types = torch.zeros_like(input_ids)
            states = self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=types)
            weights = attention_mask.unsqueeze(-1).to(states.last_hidden_state.dtype)
            summed = (states.last_hidden_state * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(summed, dim=1)

    return Pooled()
