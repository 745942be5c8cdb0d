"""The benchmark of tagging runs from end to end and counts rightly; how fast is no test's question."""

import json
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from benchmarks import products, taggers, tagging
from benchmarks.products import Shape
from benchmarks.tagging import Cell, Found
from classifier.model import SHIPPED


@pytest.fixture
def default_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagging, "TAGGERS", (*(one for one in taggers.TAGGERS if not one.needs), _absent()))


def _absent() -> taggers.Tagger:
    return taggers.Tagger("elsewhere", taggers.predicting, ("no_such_package",))


def test_what_the_default_install_has_is_measured_and_the_rest_is_named(
    default_install: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bench.json"
    assert tagging.main(["--posts", "2", "--rounds", "1", "--json", str(file)]) == 0
    found, shown = json.loads(file.read_bytes()), capsys.readouterr().out
    cells = [(one["name"], one["cores"], one["batch"]) for one in found["posts_per_second"]]
    cores = sorted({one[1] for one in cells})
    assert sorted(cells) == sorted(product(("predict", "encoder"), cores, (1,)))
    assert min(one["speed"] for one in found["posts_per_second"]) > 0
    assert min(one["bytes"] for one in found["grown_bytes"]) > 40_000_000  # the encoder's file alone
    assert found["left_out"] == ["elsewhere"]
    assert "elsewhere" in shown
    assert "kle-monitor[train]" in shown
    assert found["peaks"] == [[]]


def test_posts_are_the_same_each_time_and_of_about_sixty_tokens() -> None:
    texts, tokens = tagging.posts(64)
    assert tagging.posts(64) == (texts, tokens)
    assert len(set(texts)) == 64
    assert 55 < sum(tokens) / 64 < 65
    assert min(tokens) >= 45


@pytest.mark.parametrize(("asked", "told"), [("99999", "ask for that many at most"), ("0", "must be 1 or more")])
def test_a_number_of_posts_that_cannot_be_is_an_error(
    asked: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        sys.exit(tagging.main(["--posts", asked]))
    assert told in capsys.readouterr().err.replace("\n", " ")


def test_shares_are_taken_within_a_round_and_the_middle_one_counts() -> None:
    ours, theirs = Cell("encoder", 1, 32), Cell("torch eager", 1, 32)
    rounds = [{ours: 0.5, theirs: 1.0}, {ours: 10.0, theirs: 80.0}, {ours: 1.0, theirs: 3.0}]
    peaks = [{("int8", 1): rate} for rate in (100.0, 10.0, 50.0)]
    found = Found(rounds, peaks, {}, work=10.0)
    assert found.times(ours, theirs) == 3
    assert found.speed(ours) == 1
    assert found.of_peak(ours, "int8") == 0.2  # of 0.2, 0.1 and 0.2


def test_multiply_adds_follow_from_the_sizes() -> None:
    shape = Shape(layers=2, hidden=3, feed_forward=5)
    assert shape.of_token() == 2 * (4 * 9 + 2 * 15)
    assert shape.of_text(7) == 7 * shape.of_token() + 2 * 2 * 7 * 7 * 3
    assert shape.of_texts([7, 1]) == shape.of_text(7) + shape.of_text(1)


def test_the_shipped_encoder_has_the_sizes_that_its_settings_say() -> None:
    assert Shape.of(SHIPPED) == Shape(12, 384, 1536)
    assert Shape.of(SHIPPED).of_token() == 21_233_664


def test_a_peak_is_that_of_the_fastest_try(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([4.0, 2.0, 8.0, *[9.0] * 20])
    monkeypatch.setattr(products, "_seconds", lambda run: next(seconds))
    called = []
    assert products.peak(lambda: called.append(1)) == products._SIDE**3 / 2
    assert called == [1]  # to warm up; the others are timed


def test_posts_go_in_calls_of_the_batch_and_none_is_left_out() -> None:
    calls: list[int] = []
    tagging._seconds(lambda texts: calls.append(len(texts)), 32, ["a"] * 70)
    assert calls == [32, 32, 6]


def test_slow_contenders_get_few_posts_and_batches_over_the_posts_are_left_out() -> None:
    base = taggers.tagger("NLI base")
    assert tagging._share(base, 1) == base.most < tagging._share(taggers.tagger("predict"), 1)
    assert tagging._batches(taggers.tagger("predict"), 32) == [1, 32]


@pytest.mark.skipif(not taggers.tagger("onnx fp32").is_there, reason="needs the extra [train]")
@pytest.mark.filterwarnings("ignore")
def test_torch_and_the_export_give_the_same_vectors_so_the_same_work_is_timed(tmp_path: Path) -> None:
    taggers.export_plain(tmp_path)
    texts = ["Advisors met.", "The course for medics began today in Erbil."]
    eager = np.asarray(taggers.eager(tmp_path, 1)(texts))
    eager /= np.linalg.norm(eager, axis=1, keepdims=True)
    assert np.asarray(taggers.exported(tmp_path, 1)(texts)) == pytest.approx(eager, abs=1e-4)


@pytest.mark.skipif(not taggers.tagger("onnx fp32").is_there, reason="needs the extra [train]")
def test_the_products_are_whole_products(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "_SIDE", 8)
    random = np.random.default_rng(1)
    a, b = (random.random((8, 8), np.float32) for _ in range(2))
    assert products.numbers_product(1)()[0] == pytest.approx(a @ b, abs=1e-5)
    assert products.bytes_product(1)()[0].shape == (8, 8)
