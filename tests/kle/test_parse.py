"""`kle parse` prints to the letter what DESIGN section 7 says, and needs no database."""

import json
from pathlib import Path
from typing import Any

from collector import kinds
from tests.kle.conftest import FEED, Kle

POST_FIELDS = [
    "id", "platform", "platform_id", "url", "kind", "account", "text", "lang", "created_at", "created_at_precision",
    "synthetic", "links", "media", "metrics", "repeats", "labels", "sightings",
]  # fmt: skip


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_each_post_is_a_line_and_each_file_ends_with_its_counts(kle: Kle, tmp_path: Path) -> None:
    (tmp_path / "office.rss").write_text(FEED, "utf-8")
    found = kle("parse", "--kind", "feed", "--url", "https://office.example/rss", "office.rss")
    first, second, last = lines(found.stdout)
    assert found.exit_code == 0
    assert list(first) == list(second) == ["file", "post"]
    assert first["file"] == "office.rss"
    assert list(first["post"]) == POST_FIELDS
    assert first["post"]["created_at"] == "2025-08-18T10:00:00Z"
    assert last == {"file": "office.rss", "posts": 2, "problems": 0}
    assert not (tmp_path / "data").exists()


def test_file_is_named_as_given(kle: Kle, tmp_path: Path) -> None:
    (tmp_path / "office.rss").write_text(FEED, "utf-8")
    given = [tmp_path / "office.rss", "./office.rss"]
    found = lines(kle("parse", "--kind", "feed", *given).stdout)
    assert {line["file"] for line in found} == {str(given[0]), "./office.rss"}


def test_unreadable_files_are_problems_and_the_others_go_on(kle: Kle, tmp_path: Path) -> None:
    (tmp_path / "broken.rss").write_text("no feed at all", "utf-8")
    (tmp_path / "empty.rss").write_bytes(b"")
    (tmp_path / "office.rss").write_text(FEED, "utf-8")
    found = kle("parse", "--kind", "feed", "broken.rss", "missing.rss", "empty.rss", tmp_path, "office.rss")
    assert found.exit_code == 0
    ends = [line for line in lines(found.stdout) if "posts" in line]
    counts = {line["file"]: (line["posts"], line["problems"]) for line in ends}
    unreadable = ("broken.rss", "missing.rss", "empty.rss", str(tmp_path))
    assert counts == {**dict.fromkeys(unreadable, (0, 1)), "office.rss": (2, 0)}
    errors = [line for line in lines(found.stdout) if "error" in line]
    assert [list(line) for line in errors] == [["file", "error"]] * 4
    assert all(line["error"] for line in errors)


def test_unreadable_item_is_a_problem_beside_the_others(kle: Kle, tmp_path: Path) -> None:
    good = json.dumps({"platform": "mastodon", "platform_id": "a.example/1", "text": "A course ended."})
    (tmp_path / "posts.jsonl").write_text(good + "\n{broken\n\n", "utf-8")
    post, problem, last = lines(kle("parse", "--kind", "file", "posts.jsonl").stdout)
    assert post["post"]["id"] == "mastodon:a.example/1"
    assert "line 2" in problem["error"]
    assert last == {"file": "posts.jsonl", "posts": 1, "problems": 1}


def test_file_without_posts_still_has_its_line(kle: Kle, tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text("\n", "utf-8")
    assert lines(kle("parse", "--kind", "file", "none.jsonl").stdout) == [
        {"file": "none.jsonl", "posts": 0, "problems": 0}
    ]


def test_unknown_kind_names_those_that_exist(kle: Kle) -> None:
    found = kle("parse", "--kind", "telegram", "x")
    assert found.exit_code == 2
    assert "telegram" in found.stderr and ", ".join(kinds.names()) in found.stderr
    assert found.stdout == ""
