"""The benchmark runs from end to end; how fast is no test's question."""

import json
from pathlib import Path

import pytest

from benchmarks import collecting, job
from benchmarks.drafts import drafts
from benchmarks.rounds import RATIOS, Result
from collector import kinds
from core import plugins
from core.errors import SettingsError


def test_every_kind_is_measured_against_every_contender(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bench.json"
    assert collecting.main(["--posts", "40", "--rounds", "1", "--json", str(file)]) == 0
    found = json.loads(file.read_bytes())
    shown = capsys.readouterr().out
    assert {name.partition("/")[0] for name in found["kinds"]} == set(kinds.names())
    assert {name[5:] for name in found["kinds"] if name.startswith("file/")} == set(
        plugins.names("collector.formats")
    )
    for name, kind in found["kinds"].items():
        assert name in shown
        assert kind["posts"] == 40
        names = {"decoded", "parsed", "archived", "again", "plain", "searched", "script"}
        assert set(kind["posts_per_second"]) == names
        assert min(kind["posts_per_second"].values()) > 0
        assert set(kind["ratios"]) == {f"{ours}/{theirs}" for ours, theirs in RATIOS}
    assert found["memory"]["posts"] == 2000
    assert found["memory"]["grown_bytes"] > 0
    assert found["machine"]["cores"] >= 1


def test_a_kind_without_a_maker_is_an_error_that_says_what_to_write(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kinds, "names", lambda: ["feed", "pigeon"])
    assert collecting.main(["--posts", "40"]) == 2
    assert "write benchmarks/payloads/pigeon.py" in capsys.readouterr().err.replace("\n", "")


def test_a_kind_that_there_is_not_is_an_error_that_says_which_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert collecting.main(["--kind", "pigeon"]) == 2
    assert "there are article, bluesky" in capsys.readouterr().err.replace("\n", " ")


def test_a_maker_that_its_reader_cannot_read_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    other = plugins.one("benchmarks.payloads", "bluesky")
    monkeypatch.setattr(job, "maker", lambda name: other)
    with pytest.raises(SettingsError, match=r"cannot read what benchmarks\.payloads\.bluesky made"):
        job.job("mastodon", 3)


def test_posts_that_become_one_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "drafts", lambda posts, most: [next(drafts(1, 1)), next(drafts(1, 1))])
    with pytest.raises(SettingsError, match="2 drafts became 1 posts"):
        job.job("file/post_form", 2)


def test_every_page_is_of_the_size_that_its_maker_names() -> None:
    for name in job.names():
        made = job.job(name, 101)
        assert made.count == 101
        assert {len(page) for page in made.posts[:-1]} <= {job.maker(name).MOST}


def test_ratios_are_taken_within_a_round_and_the_middle_one_counts() -> None:
    seconds = ((2.0, 1.0), (40.0, 10.0), (4.0, 3.0))
    rounds = [{"archived": ours, "parsed": theirs} for ours, theirs in seconds]
    found = Result(job.job("file/post_form", 10), rounds)
    assert found.ratio("archived", "parsed") == 0.5
    assert found.speed("parsed") == pytest.approx(10 / 3)
