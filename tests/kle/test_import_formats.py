"""`kle import` of what other programs wrote: every format goes in once, and the report names it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.kle.conftest import Kle

PAYLOADS = Path(__file__).parents[1] / "contracts" / "payloads" / "file"
NAMES = sorted(p.name for p in PAYLOADS.iterdir() if not p.name.endswith(".expected.json"))


def report(kle: Kle, *words: str | Path) -> dict[str, Any]:
    found = kle("import", *words, "--json")
    assert found.exit_code == 0, found.output
    said: dict[str, Any] = json.loads(found.stdout)
    return said


@pytest.mark.parametrize("name", NAMES)
def test_a_second_import_of_any_format_changes_nothing(kle: Kle, name: str, tmp_path: Path) -> None:
    shutil.copy(PAYLOADS / name, tmp_path / "download")  # neither name nor neighbours help
    first = report(kle, tmp_path / "download", "--account", "@office_example")
    again = report(kle, tmp_path / "download", "--account", "@office_example")
    expected = json.loads((PAYLOADS / f"{name}.expected.json").read_text("utf-8"))["items"]
    assert first["items"] == len(expected) == sum(first["formats"].values())
    assert first["quarantined"] == again["quarantined"] >= sum("error" in item for item in expected)
    assert first["posts_new"] == len(expected) - first["quarantined"]
    assert (again["posts_new"], again["posts_changed"]) == (0, 0)


def test_the_report_counts_each_format_by_its_name(kle: Kle) -> None:
    said = report(kle, PAYLOADS / "posts.jsonl", PAYLOADS / "4cat_x.csv", PAYLOADS / "zeeschuimer.ndjson")
    assert set(said["formats"]) == {"post_form", "four_cat", "zeeschuimer"}
    assert said["files"] == 3


def test_a_release_comes_back_by_its_folder_or_its_manifest(kle: Kle, tmp_path: Path) -> None:
    report(kle, PAYLOADS / "bluesky_records.json")
    for format_ in ("csv", "jsonl"):
        out = tmp_path / format_
        assert kle("export", "", "--format", format_, "--out", out, "--audience", "internal").exit_code == 0
        for named in (out, out / "manifest.json", out / f"posts.{format_}"):
            said = report(kle, named)
            assert (said["items"], said["posts_new"], said["posts_changed"], said["quarantined"]) == (2, 0, 0, 0)
        refused = kle("import", out / f"tags.{format_}", "--json")
        assert json.loads(refused.stdout)["posts_new"] == 0


def test_withheld_texts_of_a_public_release_are_refused_with_their_reason(kle: Kle, tmp_path: Path) -> None:
    report(kle, PAYLOADS / "flattened.jsonl")
    assert kle("export", "", "--format", "csv", "--out", tmp_path / "out", "--audience", "public").exit_code == 0
    found = kle("import", tmp_path / "out")
    assert found.exit_code == 1 and "was withheld from the copy at hand" in found.stderr


def test_an_unpacked_archive_of_x_is_a_folder(kle: Kle, tmp_path: Path) -> None:
    data = tmp_path / "archive" / "data"
    data.mkdir(parents=True)
    for name in ("tweets.js", "note-tweet.js"):
        shutil.copy(PAYLOADS / name, data / name)
    about = {"account": {"username": "office_example", "accountDisplayName": "Office of Example"}}
    (data / "account.js").write_text(f"window.YTD.account.part0 = {json.dumps([about])}")
    said = report(kle, tmp_path / "archive")
    assert (said["files"], said["posts_new"], said["posts_unchanged"]) == (2, 4, 1)  # the note is one of the posts


def test_an_archive_that_nobody_names_goes_in_and_that_is_told(kle: Kle, tmp_path: Path) -> None:
    entry = {"tweet": {"id_str": "2051200000000000000", "full_text": "Synthetic: whose?"}}
    (tmp_path / "tweets.js").write_text(f"window.YTD.tweets.part0 = {json.dumps([entry])}")
    found = kle("import", tmp_path / "tweets.js", "--json")
    assert found.exit_code == 0 and json.loads(found.stdout)["posts_new"] == 1
    assert found.stderr.count("put account.js of the same archive beside it") == 1


def test_a_folder_without_posts_is_refused(kle: Kle, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    found = kle("import", tmp_path / "empty")
    assert found.exit_code != 0 and "name files instead" in found.stderr


def test_a_format_that_is_named_is_not_guessed(kle: Kle, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"colour": "red"}\n')
    found = kle("import", tmp_path / "a.jsonl", "--format", "x_api")
    assert found.exit_code == 1 and "line 1: this JSON holds no posts of X" in found.stderr
    assert "four_cat" in kle("import", "--help").stdout


def test_parse_reads_what_lies_beside_a_file_too(kle: Kle, tmp_path: Path) -> None:
    for name in ("tweets.js", "note-tweet.js"):
        shutil.copy(PAYLOADS / name, tmp_path / name)
    said = [json.loads(line) for line in kle("parse", "--kind", "file", tmp_path / "tweets.js").stdout.splitlines()]
    assert said[-1]["posts"] == 4 and len(said[3]["post"]["text"]) > 280
    assert said[0]["post"]["account"] is None
    named = kle("parse", "--kind", "file", "--url", "https://x.com/office_example", tmp_path / "tweets.js").stdout
    assert json.loads(named.splitlines()[0])["post"]["account"]["handle"] == "@office_example"


V1 = {"id_str": "1957000251658240000", "full_text": "Synthetic: a post", "user": {"screen_name": "office_example"}}
GONE = {"status": {"id_str": "1957000251658240000"}, "timestamp_ms": "1755420300000"}
V2 = {"data": {"id": "1957000251658240000", "text": "Synthetic: a post", "author_id": "1"}}
GONE_V2 = {"delete": {"tweet": {"id": "1957000251658240000"}, "event_at": "2025-08-17T08:45:00.000Z"}}


@pytest.mark.parametrize("stream", [[V1, {"delete": GONE}], [V2, {"data": GONE_V2}]])
def test_a_stream_that_tells_of_a_deletion_too_changes_nothing_again(
    kle: Kle, tmp_path: Path, stream: list[Any]
) -> None:
    (tmp_path / "stream.jsonl").write_text("\n".join(map(json.dumps, stream)), "utf-8")
    first = report(kle, tmp_path / "stream.jsonl")
    again = [report(kle, tmp_path / "stream.jsonl") for _ in range(2)]
    assert (first["posts_new"], first["posts_changed"]) == (1, 1)
    assert [(said["posts_new"], said["posts_changed"], said["posts_unchanged"]) for said in again] == [
        (0, 0, 2)
    ] * 2
