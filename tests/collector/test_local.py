"""Files beside kle.toml as sources."""

from pathlib import Path

import pytest

from collector import local
from collector.fetch import Fetcher
from core.errors import Refused
from core.page import FILE


def pages(fetcher: Fetcher, pattern: str, state: dict | None = None) -> list:
    return list(fetcher.files(pattern, "", state or {}))


def test_each_file_of_a_pattern_is_a_page_and_only_changed_ones_come_again(
    fetcher: Fetcher, tmp_path: Path
) -> None:
    (tmp_path / "b.xml").write_text("b")
    (tmp_path / "a.xml").write_text("a")
    first = pages(fetcher, "*.xml")
    assert [p.body for p in first] == [b"a", b"b"]
    seen = {"files": {name: digest for p in first for name, digest in p.state["files"].items()}}
    assert pages(fetcher, "*.xml", seen) == []
    (tmp_path / "b.xml").write_text("c")
    assert [p.body for p in pages(fetcher, "*.xml", seen)] == [b"c"]


def test_a_file_that_is_merely_touched_has_not_changed(fetcher: Fetcher, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("a")
    (page,) = pages(fetcher, "a.xml")
    (tmp_path / "a.xml").write_text("a")
    assert pages(fetcher, "a.xml", page.state) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.html", "text/html"),
        ("a.txt", "text/plain"),
        ("a.jsonl", "application/x-ndjson"),
        ("a.rss", "application/rss+xml"),
        ("a.weird", "application/octet-stream"),
    ],
)
def test_the_type_is_told_by_the_suffix(name: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("x")
    assert local.read(tmp_path / name).headers == {"content-type": kind, FILE: name}


def test_folders_below_and_absolute_paths_are_found(fetcher: Fetcher, tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "a [1].txt").write_text("x")
    assert len(pages(fetcher, "deep/**/*.txt")) == 1
    assert len(pages(fetcher, str(tmp_path / "deep" / "er" / "a [1].txt"))) == 1


def test_a_pattern_without_files_says_where_it_looked(fetcher: Fetcher, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no file matches path = 'none"):
        pages(fetcher, "none/*.xml")


def test_a_file_too_large_is_told_after_the_others_were_read(fetcher: Fetcher, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"x" * 200_000)
    (tmp_path / "b.xml").write_text("b")
    coming = fetcher.files("*.xml", "", {})
    assert next(coming).body == b"b"
    with pytest.raises(Refused, match=r"a\.xml is larger"):
        next(coming)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        local.read(tmp_path / "none")
