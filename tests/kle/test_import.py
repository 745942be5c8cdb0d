"""`kle import`: all that can be read goes in once, the rest is put aside with its reason."""

import gzip
import json
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from db.database import Database
from tests.kle.conftest import Kle


def record(number: int, **more: Any) -> dict[str, Any]:
    return {
        "platform": "mastodon",
        "platform_id": f"office.example/{number}",
        "url": f"https://office.example/{number}",
        "kind": "post",
        "account": {"platform": "mastodon", "handle": "@press@office.example", "name": "Press office"},
        "text": f"Advisors and soldiers met for talk number {number} on reform.",
        "lang": "en",
        "created_at": f"2025-08-{number % 28 + 1:02}T10:00:00Z",
        **more,
    }


def write_lines(file: Path, records: list[dict[str, Any]]) -> Path:
    file.write_text("".join(json.dumps(r) + "\n" for r in records), "utf-8")
    return file


def report(kle: Kle, *files: Path) -> dict[str, Any]:
    found = kle("import", *files, "--json")
    assert found.exit_code == 0, found.output
    said: dict[str, Any] = json.loads(found.stdout)
    return said


def test_report_has_the_fields_of_the_design(kle: Kle, tmp_path: Path) -> None:
    said = report(kle, write_lines(tmp_path / "posts.jsonl", [record(1), record(2)]))
    assert said == {
        "files": 1, "items": 2, "posts_new": 2, "posts_changed": 0, "posts_unchanged": 0, "posts_forgotten": 0,
        "quarantined": 0,
        "formats": {"post_form": 2},
    }  # fmt: skip


def test_same_file_again_changes_nothing(kle: Kle, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "posts.jsonl", [record(n) for n in range(1200)])
    assert report(kle, file)["posts_new"] == 1200
    again = report(kle, file)
    assert (again["posts_new"], again["posts_changed"], again["posts_unchanged"]) == (0, 0, 1200)
    assert json.loads(kle("verify", "--json").stdout)["versions"] == 1200


def test_edited_text_is_a_new_version(kle: Kle, tmp_path: Path) -> None:
    report(kle, write_lines(tmp_path / "a.jsonl", [record(1)]))
    said = report(kle, write_lines(tmp_path / "b.jsonl", [record(1, text="Talk number 1 was moved to Monday.")]))
    assert said["posts_changed"] == 1
    assert json.loads(kle("search", "moved", "--json").stdout)["items"][0]["versions"] == 2


def test_unreadable_lines_are_put_aside_with_a_reason(kle: Kle, tmp_path: Path) -> None:
    file = tmp_path / "posts.jsonl"
    wrong = ["{cut off", '"a string"', json.dumps(record(2, platform="")), json.dumps(record(3, text=5)), "\ufeff{"]
    file.write_text("\n".join([json.dumps(record(1)), *wrong]), "utf-8")
    said = report(kle, file)
    assert (said["items"], said["posts_new"], said["quarantined"]) == (6, 1, 5)
    with Database(f"sqlite:///{tmp_path}/data/kle.sqlite").read() as session:
        reasons = list(session.execute(text("SELECT error FROM quarantine ORDER BY id")).scalars())
    assert len(reasons) == 5 and all(reasons)
    assert "platform is missing" in reasons[2] and "text must be a string" in reasons[3]


def test_first_reasons_are_told_on_stderr_with_their_file(kle: Kle, tmp_path: Path) -> None:
    first = write_lines(tmp_path / "first.jsonl", [record(n, text=5) for n in range(7)])
    second = write_lines(tmp_path / "second.jsonl", [record(1), *(record(n, platform="") for n in range(8))])
    (tmp_path / "broken.json").write_text("[1, 2", "utf-8")
    found = kle("import", first, second, tmp_path / "broken.json", "--json")
    assert found.exit_code == 0
    assert json.loads(found.stdout)["quarantined"] == 16 and "reasons" not in json.loads(found.stdout)
    told = [line for line in found.stderr.splitlines() if ".json" in line]
    assert len(told) == 10
    assert all(line.startswith(f"{first}: line ") and "text must be a string" in line for line in told[:7])
    assert all(line.startswith(f"{second}: line ") and "platform is missing" in line for line in told[7:])
    assert "and 6 more, in the archive's table quarantine" in found.stderr


def test_all_that_is_put_aside_names_its_file(kle: Kle, tmp_path: Path) -> None:
    early = {"platform": "x", "platform_id": "1957000251658240000", "created_at": "2020-01-01T00:00:00Z"}
    bad = write_lines(tmp_path / "bad.jsonl", [record(1, text=5), record(2, **early)])
    broken = tmp_path / "broken.json"
    broken.write_text("[1, 2", "utf-8")
    report(kle, write_lines(tmp_path / "good.jsonl", [record(1)]), bad, broken)
    with Database(f"sqlite:///{tmp_path}/data/kle.sqlite").read() as session:
        reasons = sorted(session.execute(text("SELECT error FROM quarantine")).scalars())
    starts = (
        f"{bad}: line 1: text must",
        f"{bad}: x:1957000251658240000 was made at",
        f"{broken}: this JSON array",
    )
    assert len(reasons) == 3
    assert all(reason.startswith(start) for reason, start in zip(reasons, starts, strict=True))


def test_file_that_cannot_be_read_is_named_once(kle: Kle, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("[1, 2", "utf-8")
    told = [line for line in kle("import", broken).stderr.splitlines() if "broken.json" in line]
    assert len(told) == 1 and told[0].count("broken.json") == 1


def test_import_that_could_take_nothing_is_exit_code_one(kle: Kle, tmp_path: Path) -> None:
    bad, good = write_lines(tmp_path / "bad.jsonl", [record(1, text=5)]), tmp_path / "good.jsonl"
    found = kle("import", bad, "--json")
    assert found.exit_code == 1 and json.loads(found.stdout)["quarantined"] == 1
    assert kle("import", bad, write_lines(good, [record(1)])).exit_code == 0
    assert kle("import", bad, good).exit_code == 0  # unchanged is taken too
    assert kle("import", write_lines(tmp_path / "empty.jsonl", [])).exit_code == 0


def test_help_of_import_says_where_refused_items_are(kle: Kle) -> None:
    assert "quarantine" in kle("import", "--help").stdout


def test_arrays_and_gzip_are_read_too(kle: Kle, tmp_path: Path) -> None:
    array, packed = tmp_path / "posts.json", tmp_path / "posts.jsonl.gz"
    array.write_text(json.dumps([record(1), record(2)]), "utf-8")
    packed.write_bytes(gzip.compress("".join(json.dumps(record(n)) + "\n" for n in (2, 3)).encode()))
    said = report(kle, array, packed)
    assert (said["files"], said["posts_new"], said["posts_unchanged"]) == (2, 3, 1)


def test_truncated_gzip_is_one_problem_and_the_next_file_goes_in(kle: Kle, tmp_path: Path) -> None:
    whole = gzip.compress("".join(json.dumps(record(n)) + "\n" for n in range(500)).encode())
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    said = report(kle, tmp_path / "cut.jsonl.gz", write_lines(tmp_path / "good.jsonl", [record(1000)]))
    assert said["quarantined"] >= 1 and said["posts_new"] >= 1


def test_missing_file_is_wrong_use(kle: Kle) -> None:
    assert kle("import", "nowhere.jsonl").exit_code == 2


def test_unknown_format_names_those_that_exist(kle: Kle, tmp_path: Path) -> None:
    found = kle("import", write_lines(tmp_path / "p.jsonl", []), "--format", "parquet")
    assert found.exit_code == 2 and "zeeschuimer" in found.stderr


def test_import_shows_up_as_a_run_of_its_own(kle: Kle, tmp_path: Path) -> None:
    report(kle, write_lines(tmp_path / "posts.jsonl", [record(1)]))
    row = next(s for s in json.loads(kle("sources", "list", "--json").stdout)["items"] if s["name"] == "import")
    assert row["last_run"]["outcome"] == "ok" and row["last_run"]["posts_new"] == 1
    assert row["enabled"] is False


@pytest.mark.torture
def test_five_thousand_posts_a_second_go_in_without_a_model(kle: Kle, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "many.jsonl", [record(n) for n in range(50_000)])
    kle("verify")
    began = time.monotonic()
    assert report(kle, file)["posts_new"] == 50_000
    assert 50_000 / (time.monotonic() - began) >= 5_000
