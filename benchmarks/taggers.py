"""Who tags or embeds posts in the benchmark of tagging, each behind one call: `load(folder, cores)(texts)`.

`python -m benchmarks.taggers NAME FOLDER CORES BATCH` writes how far the peak of memory grew from before it was
loaded to after one batch.
"""

import importlib.util
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.memory import peak
from classifier import taxonomy
from classifier.embed import Encoder, Tokenizer
from classifier.encoder.tune import pooled
from classifier.model import SHIPPED, Model

Run = Callable[[Sequence[str]], object]
BATCHES = (1, 32, 256)
PLAIN, TEXTS = "encoder_fp32.onnx", "texts.json"  # in a run's folder
_PAIRS = 10  # of a post and a topic: in one batch, which the pipeline does not do by itself
_ENTAILS = dict(enumerate(("contradiction", "neutral", "entailment")))
_LABELS = {"id2label": _ENTAILS, "label2id": {label: n for n, label in _ENTAILS.items()}}


@dataclass(frozen=True, slots=True)
class Tagger:
    """`needs`: what the default install lacks for it; `most`: posts a round at most, where it is slow."""

    name: str
    load: Callable[[Path, int], Run]
    needs: tuple[str, ...] = ()
    batches: tuple[int, ...] = BATCHES
    most: int = 256

    @property
    def is_there(self) -> bool:
        return all(importlib.util.find_spec(name) for name in self.needs)


def predicting(folder: Path, cores: int) -> Run:
    return Model.load(threads=cores).predict


def encoding(folder: Path, cores: int) -> Run:
    return _whole_texts(Encoder.load(SHIPPED, cores))


def eager(folder: Path, cores: int) -> Run:
    """The same network as transformers has it: 32 bits, padded to the longest of the batch, then the mean."""
    import torch

    network, tokenizer = plain_network("sdpa"), Tokenizer.load(SHIPPED)

    def run(texts: Sequence[str]) -> Any:
        torch.set_num_threads(cores)
        with torch.inference_mode():
            return pooled(network, [tokenizer.row(tokens.ids) for tokens in tokenizer.tokens(texts)])

    return run


def exported(folder: Path, cores: int) -> Run:
    """The same network exported in 32 bits, by onnxruntime with its own settings, in our batches."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(folder / PLAIN), options, providers=["CPUExecutionProvider"])
    return _whole_texts(Encoder(session, Tokenizer.load(SHIPPED), _settings()["hidden_size"]))


def entailing_base(folder: Path, cores: int) -> Run:
    """An encoder as large as XLM-R or mDeBERTa base."""
    from transformers import XLMRobertaConfig, XLMRobertaForSequenceClassification

    config = XLMRobertaConfig(vocab_size=250_002, max_position_embeddings=514, type_vocab_size=1, **_LABELS)
    return _entailing(XLMRobertaForSequenceClassification(config), cores)


def entailing_large(folder: Path, cores: int) -> Run:
    """Encoder and decoder as large as BART large, with our vocabulary (50,754 pieces; its own has 50,265)."""
    from transformers import BartConfig, BartForSequenceClassification

    config = BartConfig(vocab_size=_settings()["vocab_size"], **_LABELS)
    return _entailing(BartForSequenceClassification(config), cores)


TAGGERS = (
    Tagger("predict", predicting),
    Tagger("encoder", encoding),
    Tagger("torch eager", eager, ("torch",)),
    Tagger("onnx fp32", exported, ("torch", "onnx")),
    Tagger("NLI base", entailing_base, ("torch",), (1,), 2),
    Tagger("NLI large", entailing_large, ("torch",), (1,), 1),
)


def tagger(name: str) -> Tagger:
    return next(one for one in TAGGERS if one.name == name)


def plain_network(attention: str) -> Any:
    """Our encoder's network in 32 bits with random weights: no speed depends on them."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(1)
    config = BertConfig.from_pretrained(str(SHIPPED), attn_implementation=attention)
    return BertModel(config, add_pooling_layer=False).eval()


def export_plain(folder: Path) -> None:
    """Write the network in 32 bits to `folder`, from where `exported` reads it."""
    from classifier.encoder import export

    export.export(plain_network("eager"), folder / PLAIN)


def _entailing(network: Any, cores: int) -> Run:
    """As people use it: the zero-shot pipeline of transformers, a hypothesis a topic, several may hold."""
    import torch
    from transformers import pipeline

    tokenizer = Tokenizer.load(SHIPPED).run
    classify = pipeline("zero-shot-classification", model=network.eval(), tokenizer=tokenizer, device="cpu")
    labels = [topic.name for topic in taxonomy.topics()]

    def run(texts: Sequence[str]) -> Any:
        torch.set_num_threads(cores)
        return classify(list(texts), labels, multi_label=True, batch_size=_PAIRS)

    return run


def _whole_texts(encoder: Encoder) -> Run:
    return lambda texts: encoder.vectors([tokens.ids for tokens in encoder.tokenize(texts)])


def _settings() -> dict[str, Any]:
    return dict(json.loads((SHIPPED / "config.json").read_text(encoding="utf-8")))


def _grown(name: str, folder: Path, cores: int, batch: int) -> int:
    texts = json.loads((folder / TEXTS).read_text(encoding="utf-8"))
    before = peak()
    tagger(name).load(folder, cores)(texts[:batch])
    return peak() - before


if __name__ == "__main__":
    sys.stdout.write(str(_grown(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))
