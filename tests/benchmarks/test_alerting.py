"""The alerts' benchmark runs from end to end, and all find the same; how fast is no test's question."""

import json
import re
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.alerting import __main__ as command
from benchmarks.alerting import queries
from benchmarks.alerting.arriving import Waits, _sort
from benchmarks.alerting.contenders import EachQuery, Ours, is_there
from benchmarks.alerting.matching import READ, ROUND
from benchmarks.alerting.percolators import Percolator
from benchmarks.alerting.receiver import Heard
from benchmarks.alerting.small_index import SmallIndex
from benchmarks.alerting.tantivies import InMemory

TINY = ("--posts", "1000", "--alerts", "150", "--batch", "20", "--rounds", "3", "--budget", "0.01",
        "--standing", "150", "--rate", "4", "--seconds", "1", "--burst", "30", "--model", "none")  # fmt: skip


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("alerting")


def test_everybody_finds_the_same_and_every_receiver_gets_each_post_once(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, figures = tmp_path / "page.md", tmp_path / "figures.json"
    page.write_text("# Search, measured\n\nIts figures.\n")
    assert command.main([*TINY, "--cache", str(cache), "--markdown", str(page), "--json", str(figures)]) == 0
    found, text = json.loads(figures.read_bytes()), page.read_text()
    others = {one.name for one in (InMemory, Percolator) if is_there(one.needs)}
    names = {Ours.name, EachQuery.name, SmallIndex.name, READ, ROUND, *others}
    assert set(found["matching"]) == names
    assert all(cell["rounds"] >= 2 and cell["p95"] >= cell["p50"] > 0 for cell in found["matching"].values())
    assert all(f"| {name} |" in text for name in names)
    assert min(found["pairs"]) > 0 and found["grown"] > 0 and len(found["starts"]) == 3
    told = found["arriving"]["none"]
    assert told["told"] > 10 and told["messages"] > 0
    assert (told["twice"], told["never"], told["wrong"]) == (0, 0, 0)
    assert len(found["targets"]) == 3 and all(f"| {target['what']} |" in text for target in found["targets"])
    assert text.startswith("# Search, measured\n\nIts figures.\n\n# Alerts, measured\n")
    assert "Alerts, measured" in capsys.readouterr().out
    assert [file.name for file in cache.iterdir() if not file.name.startswith("posts-")] == []


def test_a_wrong_answer_ends_the_run(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right = SmallIndex.match
    monkeypatch.setattr(SmallIndex, "match", lambda self, posts: set(sorted(right(self, posts))[1:]))
    assert command.main([*TINY, "--cache", str(cache)]) == 2
    said = capsys.readouterr().err.replace("\n", " ")
    assert "kle and FTS5 of the batch disagree on 1 pairs" in said


def test_the_same_seed_asks_the_same_and_each_kind_as_often_as_is_said() -> None:
    made = [list(queries.queries(seed, 2000)) for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]
    assert sum(weight for weight, _, _ in queries.MIX) == 100
    assert 120 < sum(query.startswith("from:") for query in made[0]) < 200
    assert 15 < sum(bool(re.search(r"topic:\w+>0", query)) for query in made[0]) < 65


def test_what_comes_behind_three_messages_in_a_minute_is_of_a_flood() -> None:
    heard = [Heard(float(at), 1, f"msg_{at}", (f"post{at}",)) for at in (0, 10, 20, 30, 75)]
    waits = Waits()
    _sort([*heard, Heard(30.0, 2, "msg_other", ("post30",))], {f"post{at}": at - 1.0 for at in (10, 30, 75)}, waits)
    assert (waits.usual, waits.gathered) == ([1.0, 1.0, 1.0], [1.0])


def test_a_section_is_written_in_its_place_and_the_others_stay(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    for text in ("# One\n\n## Under it\n\n1\n", "# Two\n\n2\n", "# One\n\nanew\n"):
        report.write_section(page, text)
    assert page.read_text() == "# One\n\nanew\n\n# Two\n\n2\n"
