"""kle export diff, kle export --verify: what the terminal answers about releases."""

import json
from pathlib import Path

import pytest

from tests.exports.made import post, release, tag
from tests.kle.conftest import Kle


@pytest.fixture
def two(kle: Kle, office: Path) -> tuple[Path, Path]:
    """Before and after one post was edited, one came, and one was forgotten."""
    kle("collect")
    assert kle("export", "", "--format", "jsonl", "--out", "one", "--zip").exit_code == 0
    feed = (office / "office.rss").read_text("utf-8").replace("on peshmerga reform", "on reform, twice")
    item = (
        "<guid>https://office.example/3</guid><link>https://office.example/3</link><title>[red]New\u009b31m</title>"
    )
    more = feed.replace("</channel>", f"<item>{item}</item></channel>")
    (office / "office.rss").write_text(more, "utf-8")
    kle("collect")
    found = json.loads(kle("search", "course", "--json").stdout)
    assert kle("forget", found["items"][0]["id"], "--reason", "asked", "--yes").exit_code == 0
    assert kle("export", "", "--format", "parquet", "--out", "two").exit_code == 0
    return office / "one", office / "two"


def test_diff_is_readable_and_exits_0_also_where_they_differ(kle: Kle, two: tuple[Path, Path]) -> None:
    found = kle("export", "diff", *two)
    assert found.exit_code == 0, found.output
    for said in ("added", "erased", "text changed", "on reform, twice", "[red]New", "request"):
        assert said in found.stdout, said
    assert "\u009b" not in found.stdout and "Forty soldiers" not in found.stdout


def test_diff_as_json_has_every_id(kle: Kle, two: tuple[Path, Path]) -> None:
    said = json.loads(kle("export", "diff", *two, "--json").stdout)
    assert [len(said[kind]) for kind in ("added", "erased", "changed_text", "no_longer_matching")] == [1, 1, 1, 0]
    assert (said["identical"], said["counts"]["posts"]) == (False, {"a": 2, "b": 2, "both": 1})


def test_a_release_and_its_zip_are_identical(kle: Kle, two: tuple[Path, Path]) -> None:
    found = kle("export", "diff", two[0], f"{two[0]}.zip")
    assert found.exit_code == 0 and "Identical" in found.stdout
    assert json.loads(kle("export", "diff", two[0], f"{two[0]}.zip", "--json").stdout)["identical"] is True


@pytest.mark.parametrize("words", [("diff", "one", "nowhere"), ("diff", "one"), ("diff", "one", "two", "three")])
def test_diff_of_anything_else_is_wrong_use(kle: Kle, two: tuple[Path, Path], words: tuple[str, ...]) -> None:
    found = kle("export", *words)
    assert found.exit_code == 2 and found.stderr.startswith("kle: ") and found.stdout == ""


def test_verify_says_yes_or_no_and_why(kle: Kle, two: tuple[Path, Path]) -> None:
    fine = kle("export", "--verify", two[1])
    assert fine.exit_code == 0 and "it still says the same" in fine.stdout, fine.output
    gone = kle("export", "--verify", two[0])
    assert gone.exit_code == 1 and "1 post is erased since (cause: request)" in gone.stdout
    said = json.loads(kle("export", "--verify", f"{two[0]}.zip", "--json").stdout)
    assert (said["ok"], said["files"]["ok"], said["archive"]["agrees"]) == (False, True, False)


def test_verify_where_there_is_no_archive_makes_none(
    kle: Kle, two: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    found = kle("export", "--verify", two[0])
    assert found.exit_code == 0 and "no archive is here" in found.stdout, found.output
    assert list(empty.iterdir()) == []
    (two[0] / "posts.jsonl").write_text("")
    assert kle("export", "--verify", two[0]).exit_code == 1 and list(empty.iterdir()) == []


def test_verify_of_what_is_no_release_is_wrong_use(kle: Kle, tmp_path: Path) -> None:
    found = kle("export", "--verify", tmp_path)
    assert found.exit_code == 2 and "no release" in found.stderr


def test_diff_says_where_nobody_has_judged_yet(kle: Kle, tmp_path: Path) -> None:
    release(tmp_path / "a", [post(1, tags=[tag("reform")])])
    release(tmp_path / "b", [post(1)])
    said = " ".join(kle("export", "diff", tmp_path / "a", tmp_path / "b").output.split())
    assert "reform: tagged to not judged yet" in said and "nobody has judged some topics yet in B" in said
