"""A sequence classifier of the `transformers` library, run by torch: texts or pairs of texts in, logits out.

Weights come from safetensors files alone: the older .bin files are pickles, and loading a pickle runs whatever code
its maker put in. Code that comes with a model is never run either.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classifier.embed import Progress, batches, digest_files, readable
from classifier.logistic import Floats
from classifier.windows import Reading, Tokens
from core.errors import ModelError

CONFIG, TOKENIZER, WEIGHTS = "config.json", "tokenizer.json", "*.safetensors"
_LONGEST = 512
_SPARE = 8  # tokens that a window may grow by when it is read without its neighbours
_BATCH_TOKENS = 2048


@dataclass(frozen=True)
class Network:
    """`labels` name the columns of the logits; `several`: whether more than one may hold at once."""

    path: Path
    labels: tuple[str, ...]
    several: bool
    architecture: str
    tokenizer: Any
    model: Any
    longest: int

    @classmethod
    def load(cls, path: Path, threads: int = 0) -> "Network":
        config = _config(path)
        _require(path)
        try:
            import torch
        except ImportError as error:
            raise ModelError(
                "it needs torch, which the default install leaves out; install the extra: "
                "pip install 'kle-monitor[torch]' (from a working copy: .venv/bin/pip install '.[torch]')"
            ) from error
        if threads:
            torch.set_num_threads(threads)
        tokenizer, model = _parts(path)
        labels = tuple(model.config.id2label[n] for n in range(model.config.num_labels))
        if len(labels) < 2 or model.config.problem_type == "regression":
            raise ModelError("it gives one number, not labels: a classifier with two labels or more is needed")
        several = model.config.problem_type == "multi_label_classification"
        return cls(path, labels, several, config["architectures"][0], tokenizer, model, _longest(tokenizer, model))

    @property
    def digest(self) -> str:
        names = {TOKENIZER, CONFIG, *(file.name for file in self.path.glob(WEIGHTS))}
        more = {
            name for name in ("tokenizer_config.json", "special_tokens_map.json") if (self.path / name).is_file()
        }
        return digest_files(self.path, sorted(names | more))

    def read(self, texts: Sequence[str], beside: Sequence[str] = ()) -> list[Reading]:
        """`texts` in windows that leave room for the longest of the texts `beside` them."""
        room = self.longest - self.tokenizer.num_special_tokens_to_add(pair=bool(beside)) - _SPARE
        room -= max((len(ids) for ids in self._tokens(beside)["input_ids"]), default=0) if beside else 0
        if room < 1:
            raise ModelError(f"the model reads {self.longest} tokens, which leaves no room beside the hypothesis")
        found = (
            self._tokens(texts, return_offsets_mapping=True) if texts else {"input_ids": [], "offset_mapping": []}
        )
        tokens = [Tokens(*pair) for pair in zip(found["input_ids"], found["offset_mapping"], strict=True)]
        return [Reading.of(text, one, room) for text, one in zip(texts, tokens, strict=True)]

    def logits(self, texts: Sequence[str], beside: Sequence[str] = (), progress: Progress | None = None) -> Floats:
        """One row a text, or a pair of `texts` and `beside`, in their order."""
        found = np.zeros((len(texts), len(self.labels)))
        lengths = [len(one) + len(other) for one, other in zip(texts, beside or [""] * len(texts), strict=True)]
        done, budget = 0, _BATCH_TOKENS if self.tokenizer.pad_token else 0  # without padding each goes alone
        for batch in batches(lengths, budget * 4):  # some four characters are a token
            pairs = [readable([texts[i] for i in batch]), *([[beside[i] for i in batch]] if beside else [])]
            found[batch] = self._run(pairs)
            done += len(batch)
            if progress:
                progress(done, len(texts))
        return found

    def _run(self, pairs: Sequence[Sequence[str]]) -> Floats:
        import torch

        padded = len(pairs[0]) > 1
        # windows are made to fit; truncation only keeps an odd tokenizer from running past the model's end
        cut = {"truncation": "only_first", "max_length": self.longest}
        inputs = self.tokenizer(*pairs, padding=padded, return_tensors="pt", **cut)
        with torch.inference_mode():
            return np.asarray(self.model(**inputs).logits.double().numpy(), np.float64)

    def _tokens(self, texts: Sequence[str], **more: Any) -> Any:
        return self.tokenizer(readable(texts), add_special_tokens=False, truncation=False, **more)


def is_one(path: Path) -> bool:
    """Whether the folder holds a sequence classifier of that library."""
    try:
        _config(path)
    except ModelError:
        return False
    return True


def _config(path: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((path / CONFIG).read_text(encoding="utf-8"))
        known = str(config["architectures"][0]).endswith("ForSequenceClassification")
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise ModelError(f"{path}: there is no sequence classifier in it") from error
    if not known:
        raise ModelError(f"{path}: {config['architectures'][0]} is no sequence classifier")
    return config


def _require(path: Path) -> None:
    if not list(path.glob(WEIGHTS)):
        raise ModelError(
            "there are no weights as .safetensors; .bin files are not loaded, since they can run code "
            "(load it once in transformers and save_pretrained() it: that writes safetensors)"
        )
    if not (path / TOKENIZER).is_file():
        raise ModelError(f"there is no {TOKENIZER}: a fast tokenizer is needed, which tells where its tokens lie")


def _parts(path: Path) -> tuple[Any, Any]:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    given = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(path), **given)
        model = AutoModelForSequenceClassification.from_pretrained(
            str(path), use_safetensors=True, dtype=torch.float32, **given
        )
    except Exception as error:  # the library has no common error of its own
        raise ModelError(f"its files cannot be read: {str(error).splitlines()[0]}") from error
    return tokenizer, model.eval()


def _longest(tokenizer: Any, model: Any) -> int:
    """Tokens that it reads at once; some architectures keep two of their positions for themselves."""
    positions = getattr(model.config, "max_position_embeddings", None) or 0
    known = [n for n in (positions - 2, tokenizer.model_max_length) if n > 0]
    return int(min([*known, _LONGEST]))
