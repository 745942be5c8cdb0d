"""The parts that rebuild the encoder; what needs torch is skipped without it."""

import importlib.util
import struct

import numpy as np
import pytest

from classifier import build_encoder
from classifier.encoder import export, packed, quantise, vocabulary
from core.errors import ModelError

needs_torch = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("torch", "onnx")), reason="needs the extra [train]"
)


def full_tokenizer() -> dict:
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁the", "▁и", "▁و", "ەو", "▁zzz", "x", "漢", "12", "▁ê", "aو"]
    added = [{"content": "<s>", "id": 0}, {"content": "<mask>", "id": len(pieces)}]
    return {"model": {"vocab": [[p, -1.0] for p in pieces], "unk_id": 3}, "added_tokens": added, "truncation": {}}


@pytest.mark.parametrize(
    ("piece", "script"),
    [("▁the", "latin"), ("ەو", "arabic"), ("▁и", "other"), ("漢", "other"), ("12", "common"), ("▁🇮", "common"),
     ("aو", "mixed"), ("▁", "common"), ("。", "other")],
)  # fmt: skip
def test_pieces_are_told_apart_by_script(piece, script):
    assert vocabulary.script_of(piece) == script


def test_frequent_kurdish_single_and_used_pieces_of_latin_and_arabic_script_stay():
    full = full_tokenizer()
    kept = vocabulary.choose(full, latin_rank=5, arabic_rank=7, used={8})
    names = [full["model"]["vocab"][n][0] for n in kept]
    assert names == ["<s>", "<pad>", "</s>", "<unk>", "▁the", "▁و", "ەو", "▁zzz", "x", "12", "▁ê"]
    assert 8 not in vocabulary.choose(full, latin_rank=5, arabic_rank=7, used=set())


def test_a_cut_tokenizer_keeps_the_order_and_moves_the_mask_behind_it():
    full = full_tokenizer()
    cut = vocabulary.cut(full, [0, 1, 2, 3, 9, 12])
    assert [piece for piece, _ in cut["model"]["vocab"]][4:] == ["x", "▁ê"]
    assert vocabulary.mask_id(cut) == 6
    assert vocabulary.shipped(full, cut) == [0, 1, 2, 3, 9, 12]
    assert vocabulary.mask_id(full) == 14
    assert cut["truncation"] is None


def test_blocks_of_four_bits_are_unpacked_low_halves_first():
    low, high = np.arange(16, dtype=np.uint8), np.arange(16, dtype=np.uint8)[::-1]
    raw = np.float16(0.5).tobytes() + (low | high << 4).astype(np.uint8).tobytes()
    assert packed.unpack(raw, 32).tolist() == [*((low - 8.0) * 0.5), *((high - 8.0) * 0.5)]


def test_plain_numbers_are_told_apart_by_their_size():
    assert packed.unpack(struct.pack("<3f", 1, 2, 3), 3).tolist() == [1, 2, 3]


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "x.bin").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelError, match="not a packed E5 file"):
        packed.read(tmp_path / "x.bin")


def test_quantised_weights_are_near_and_within_seven_bits():
    weights = np.random.default_rng(1).normal(size=(50, 8)).astype(np.float32)
    weights[:, 3] = 0
    rounded, scales = quantise.symmetric(weights, axis=0, top=63)
    assert np.abs(rounded).max() == 63
    assert np.abs(rounded * scales - weights).max() <= scales.max() / 2 + 1e-6


def test_without_the_extra_it_says_what_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert build_encoder.main([str(tmp_path / "out")]) == 2
    assert "pip install '.[train]'" in capsys.readouterr().err


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A random network of the encoder's kind, before and after quantisation."""
    import onnx
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    folder = tmp_path_factory.mktemp("small")
    network = BertModel(BertConfig(vocab_size=300, **sizes), add_pooling_layer=False)
    for (
        values
    ) in network.parameters():  # biases too: a fresh network's are all 0, and the exporter would share them
        values.data += 0.05 * torch.randn_like(values)
    network.save_pretrained(str(folder))
    model = export.load(folder)
    export.keep_rows(model, list(range(200)))
    export.export(model, folder / "plain.onnx")
    onnx.save(quantise.quantise(onnx.load(str(folder / "plain.onnx"))), str(folder / "int8.onnx"))
    return folder


def vectors(file, ids: list[list[int]]) -> np.ndarray:
    import onnxruntime

    longest = max(map(len, ids))
    rows = np.array([row + [1] * (longest - len(row)) for row in ids], np.int64)
    mask = np.array([[1] * len(row) + [0] * (longest - len(row)) for row in ids], np.int64)
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return session.run([export.OUTPUT], {"input_ids": rows, "attention_mask": mask})[0]


@needs_torch
@pytest.mark.filterwarnings("ignore")
def test_a_quantised_network_agrees_with_the_plain_one(small):
    ids = [[0, 7, 8, 9, 2], [0, 100, 2]]
    plain, quantised = vectors(small / "plain.onnx", ids), vectors(small / "int8.onnx", ids)
    assert (plain * quantised).sum(axis=1).min() > 0.995
    assert np.linalg.norm(quantised, axis=1) == pytest.approx([1, 1], abs=1e-5)


@needs_torch
@pytest.mark.filterwarnings("ignore")
def test_a_quantised_vector_depends_neither_on_neighbours_nor_on_padding(small):
    row, neighbour = [0, 7, 8, 9, 2], [0, *range(10, 60), 2]
    alone, among = vectors(small / "int8.onnx", [row])[0], vectors(small / "int8.onnx", [row, neighbour])[0]
    assert alone == pytest.approx(among, abs=1e-6)
