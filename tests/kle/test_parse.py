"""`kle parse` prints to the letter what DESIGN section 7 says, and needs no database."""

import json
from pathlib import Path
from typing import Any

import pytest

from collector import kinds
from collector.formats import _cut
from collector.platforms import file
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


TWEET = {"tweet": {"id_str": "1957000251658240000", "full_text": "Synthetic: advisors met to talk about…"}}
WHOLE = "Synthetic: advisors met to talk about reform."


def archive_of_x(folder: Path, name: str, entry: dict[str, Any]) -> None:
    (folder / f"{name}.js").write_text(f"window.YTD.{name.replace('-', '_')}.part0 = {json.dumps([entry])}")


def test_what_lies_beside_a_file_is_read_as_an_import_does(kle: Kle, tmp_path: Path) -> None:
    archive_of_x(tmp_path, "tweets", TWEET)
    archive_of_x(tmp_path, "account", {"account": {"username": "office_example"}})
    core = {"text": WHOLE, "urls": []}
    note = {"noteTweetId": "1", "createdAt": "2025-08-17T08:43:13.000Z", "core": core}
    archive_of_x(tmp_path, "note-tweet", {"noteTweet": note})
    found = kle("parse", "--kind", "file", "tweets.js")
    post = lines(found.stdout)[0]["post"]
    assert (post["account"]["handle"], post["text"]) == ("@office_example", WHOLE)
    assert found.stderr == ""


def test_account_says_whose_archive_it_is_and_without_it_that_is_told(kle: Kle, tmp_path: Path) -> None:
    archive_of_x(tmp_path, "tweets", TWEET)
    nobodys = kle("parse", "--kind", "file", "tweets.js")
    assert lines(nobodys.stdout)[0]["post"]["account"] is None
    assert nobodys.stderr.startswith("tweets.js: it does not say whose archive it is")
    told = kle("parse", "--kind", "file", "--account", "@office_example", "tweets.js")
    assert lines(told.stdout)[0]["post"]["account"]["handle"] == "@office_example" and told.stderr == ""
    wrong = kle("parse", "--kind", "feed", "--account", "@office_example", "office.rss")
    assert wrong.exit_code == 2 and "kind feed reads none" in wrong.stderr


def test_a_large_file_is_read_in_slices(kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cut, "SLICE", 500)
    sizes: list[int] = []
    parse = file.parse
    monkeypatch.setattr(file, "parse", lambda page: sizes.append(len(page.body)) or parse(page))
    made = (json.dumps({"platform": "mastodon", "platform_id": f"a.example/{n}", "text": "x"}) for n in range(99))
    (tmp_path / "posts.jsonl").write_text("\n".join(made), "utf-8")
    found = kle("parse", "--kind", "file", "posts.jsonl")
    assert lines(found.stdout)[-1] == {"file": "posts.jsonl", "posts": 99, "problems": 0}
    assert len(sizes) > 9 and max(sizes) < 1500


def test_exit_code_is_1_where_nothing_of_any_file_could_be_read(kle: Kle, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{", "utf-8")
    for kind in ("file", "feed"):
        found = kle("parse", "--kind", kind, "missing.json", "broken.json")
        assert found.exit_code == 1
        first, last = lines(found.stdout)[:2]
        assert list(first) == ["file", "error"] and first["file"] == "missing.json"
        assert last == {"file": "missing.json", "posts": 0, "problems": 1}


def test_libraries_that_read_pages_say_nothing(kle: Kle, tmp_path: Path) -> None:
    (tmp_path / "bare.html").write_text("<html><body><script>1</script></body></html>", "utf-8")
    found = kle("parse", "--kind", "article", "--url", "https://office.example/bare", "bare.html")
    assert list(lines(found.stdout)[0]) == ["file", "error"] and found.stderr == ""
