"""What a folder must hold before anything of it is loaded: none of this needs torch."""

import json
import sys

import pytest

from classifier.foreign.network import Network, is_one
from classifier.model import SHIPPED
from core.errors import ModelError


def folder(path, *files, architecture="BertForSequenceClassification"):
    for name in ("config.json", *files):
        (path / name).write_text(json.dumps({"architectures": [architecture]}), "utf-8")
    return path


def test_a_sequence_classifier_is_known_by_its_config(tmp_path):
    assert is_one(folder(tmp_path))


def test_the_shipped_model_other_models_and_no_model_are_none(tmp_path):
    assert not is_one(SHIPPED)
    assert not is_one(tmp_path)
    assert not is_one(folder(tmp_path, architecture="BertForMaskedLM"))
    (tmp_path / "config.json").write_text("[]", "utf-8")
    assert not is_one(tmp_path)


def test_pickled_weights_are_refused_with_the_reason(tmp_path):
    with pytest.raises(ModelError, match=r"no weights as .safetensors; .bin files are not loaded.*can run code"):
        Network.load(folder(tmp_path, "pytorch_model.bin", "tokenizer.json"))


def test_a_tokenizer_without_offsets_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"there is no tokenizer.json: a fast tokenizer is needed"):
        Network.load(folder(tmp_path, "model.safetensors"))


def test_without_torch_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModelError, match=r"needs torch.*pip install 'kle-monitor\[torch\]'"):
        Network.load(folder(tmp_path, "model.safetensors", "tokenizer.json"))
