"""search, verify, keys, db upgrade, export, classify: what the terminal answers about the archive."""

import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from core import times
from db import corrections, credentials, directory
from db.database import Database
from tests.kle.conftest import Kle


def out(kle: Kle, *arguments: object) -> dict[str, Any]:
    found = kle(*arguments, "--json")
    assert found.exit_code == 0, found.output
    said: dict[str, Any] = json.loads(found.stdout)
    return said


def test_search_finds_posts_in_the_form_of_the_api(kle: Kle, office: Path) -> None:
    kle("collect")
    said = out(kle, "search", "peshmerga reform")
    assert list(said) == ["items", "next_cursor", "total"] and said["total"] == 1
    assert said["items"][0]["url"] == "https://office.example/1"
    assert "https://office.example/1" in kle("search", "reform").stdout


def test_search_limits_and_orders(kle: Kle, office: Path) -> None:
    kle("collect")
    oldest = out(kle, "search", "", "--sort", "oldest", "--limit", "1")
    assert [post["url"] for post in oldest["items"]] == ["https://office.example/1"]
    assert kle("search", "", "--sort", "best").exit_code == 2


def test_text_of_others_cannot_command_the_terminal(kle: Kle, office: Path) -> None:
    feed = (office / "office.rss").read_text("utf-8").replace("Advisors", "[red]Advisors\u009b31m")
    (office / "office.rss").write_text(feed, "utf-8")
    kle("collect")
    shown = kle("search", "advisors").stdout
    assert "[red]Advisors" in shown and "\u009b" not in shown


def test_verify_says_that_all_fits(kle: Kle, office: Path) -> None:
    kle("collect")
    said = out(kle, "verify")
    assert said["ok"] is True and said["versions"] == 2 and said["ledger_lines"] >= 2
    assert said["first_problem"] is None


def test_verify_names_the_first_problem_and_fails(kle: Kle, office: Path) -> None:
    kle("collect")
    with sqlite3.connect(office / "data" / "kle.sqlite") as archive:
        archive.execute("UPDATE version SET text = 'something else' WHERE id = 1")
    found = kle("verify", "--json")
    assert found.exit_code == 1
    assert json.loads(found.stdout)["ok"] is False and "version/1" in json.loads(found.stdout)["first_problem"]
    assert "version/1" in kle("verify").stdout


def test_key_is_shown_once_listed_without_it_and_revoked(kle: Kle) -> None:
    made = out(kle, "keys", "add", "--scope", "read", "--scope", "export", "--name", "dashboard")
    assert list(made) == ["id", "key"] and made["key"].startswith("kle_")
    listed = kle("keys", "list", "--json").stdout
    assert made["key"] not in listed
    row = json.loads(listed)["items"][0]
    assert (row["name"], row["scopes"], row["revoked_at"]) == ("dashboard", ["read", "export"], None)
    assert kle("keys", "revoke", made["id"]).exit_code == 0
    assert json.loads(kle("keys", "list", "--json").stdout)["items"][0]["revoked_at"]


def test_unknown_scope_names_those_that_exist(kle: Kle) -> None:
    found = kle("keys", "add", "--scope", "write")
    assert found.exit_code == 2 and "read, annotate, alerts, export, admin" in found.stderr


def test_revoking_what_is_no_key_says_so(kle: Kle) -> None:
    found = kle("keys", "revoke", 99)
    assert found.exit_code == 2 and "99" in found.stderr


def test_postgresql_is_migrated_by_its_command_alone(
    kle: Kle, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLE_DATABASE_URL", database_url)
    if database_url.startswith("postgresql"):
        refused = kle("search", "reform")
        assert refused.exit_code == 1 and "kle db upgrade" in refused.stderr
    assert "is now at" in kle("db", "upgrade").stdout
    assert "was at" in kle("db", "upgrade").stdout
    assert kle("search", "reform").exit_code == 0


def test_unreachable_database_is_one_line_without_the_password(kle: Kle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLE_DATABASE_URL", "postgresql://kle:secret@127.0.0.1:1/kle")
    for command in (["search", "x"], ["db", "upgrade"]):
        found = kle(*command)
        assert found.exit_code == 2 and "KLE_DATABASE_URL" in found.stderr
        assert "secret" not in found.output and "Traceback" not in found.output


def test_export_reports_its_files(kle: Kle, office: Path) -> None:
    kle("collect")
    said = out(kle, "export", "reform", "--format", "csv", "--out", "release")
    assert said["dir"] == "release" and said["withheld"] == []
    assert {file["path"]: file["rows"] for file in said["files"]}["posts.csv"] == 1
    again = kle("export", "reform", "--format", "csv", "--out", "release")
    assert again.exit_code == 2 and "--force" in again.stderr
    assert kle("export", "reform", "--format", "csv", "--out", "release", "--force").exit_code == 0


def test_export_in_an_unknown_format_names_those_that_exist(kle: Kle) -> None:
    found = kle("export", "", "--format", "xlsx", "--out", "release")
    assert found.exit_code == 2 and "csv, jsonl" in found.stderr


def test_a_release_and_a_warc_say_what_each_needs(kle: Kle) -> None:
    bare = kle("export", "reform", "--format", "csv")
    assert bare.exit_code == 2 and "--out" in bare.stderr and "--warc" in bare.stderr
    both = kle("export", "reform", "--warc", "a.warc.gz", "--format", "csv")
    assert both.exit_code == 2 and "--format does not go with --warc" in both.stderr


def test_export_writes_the_raw_captures_as_warc(kle: Kle, office: Path) -> None:
    kle("collect")
    said = out(kle, "export", "--warc", "all.warc.gz")
    assert said["file"] == "all.warc.gz" and said["captures"] == said["records"]["metadata"] > 0
    with Path("all.warc.gz").open("rb") as file:
        kinds = [record.rec_type for record in ArchiveIterator(file, check_digests="raise")]
    assert len(kinds) == sum(said["records"].values()) and kinds[0] == "warcinfo"
    again = kle("export", "--warc", "all.warc.gz")
    assert again.exit_code == 2 and "--force" in again.stderr
    spoken = kle("export", "reform", "--warc", "some.warc.gz")
    assert spoken.exit_code == 0 and "terms" in spoken.stderr
    none = kle("export", "nobodysaidthis", "--warc", "none.warc.gz")
    assert none.exit_code == 2 and not Path("none.warc.gz").exists()


def test_classify_tags_what_waits_and_again_only_when_asked(
    kle: Kle, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kle("collect")
    assert kle("classify").exit_code == 2
    monkeypatch.delenv("KLE_MODEL")
    assert kle("classify").stdout.startswith("2 versions")
    assert kle("classify").stdout.startswith("0 versions")
    assert kle("classify", "--all").stdout.startswith("2 versions")
    tags = out(kle, "search", "reform")["items"][0]["tags"]
    assert tags and {tag["model"] for tag in tags} == {out(kle, "model", "info")["digest"]}


def test_model_info_and_evaluate_have_the_figures_of_the_design(
    kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KLE_MODEL")
    assert len(out(kle, "model", "info")["digest"]) == 64
    lines = [
        {"text": "The ministry unites its brigades under one command as part of the peshmerga reform plan.",
         "labels": ["reform"], "language": "en"},
        {"text": "Happy new year to all our followers!", "labels": [], "language": "en"},
    ]  # fmt: skip
    (tmp_path / "labelled.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    said = out(kle, "model", "evaluate", "labelled.jsonl")
    assert {"macro_f1", "micro_f1", "off_topic_tagged", "topics", "languages", "intervals"} <= set(said)
    assert {"precision", "recall", "f1", "average_precision", "calibration_error"} <= set(said["topics"]["reform"])
    assert said["topics"]["reform"]["support"] == 1 and said["languages"]["en"]["posts"] == 2


def test_the_model_is_measured_against_people_s_corrections(
    kle: Kle, office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KLE_MODEL")
    kle("collect")
    kle("classify")
    (post,) = out(kle, "search", "reform")["items"]
    database = Database(f"sqlite:///{tmp_path}/data/kle.sqlite")
    with database.write() as session:
        key, _ = credentials.issue(session, "key", "analyst", ["annotate"], times.now())
        for topic in directory.topics(session):
            decision = "tagged" if topic["slug"] == "reform" else "not"
            author = corrections.Author(key, "analyst")
            corrections.put(session, post["id"], topic["slug"], decision, None, author, times.now())
    database.close()
    said = out(kle, "model", "evaluate", "--corrections", "--out", "labelled.jsonl")
    assert (said["posts"], said["corrections"]) == (1, 10)
    assert said["agreed"] + said["overruled"] + said["unsure"] == 10
    (line,) = (tmp_path / "labelled.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line) == {"text": post["text"], "labels": ["reform"], "language": "en"}
    shown = kle("model", "evaluate", "--corrections")
    assert "reform" in shown.stdout and "nobody looked at" in shown.stdout
    assert out(kle, "verify")["corrections"] == 10


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "name a FILE"),
        (["labelled.jsonl", "--corrections"], "one of the two"),
        (["labelled.jsonl", "--out", "x.jsonl"], "--out goes with --corrections"),
    ],
)
def test_evaluate_takes_a_file_or_corrections(kle: Kle, tmp_path: Path, arguments: list[str], says: str) -> None:
    (tmp_path / "labelled.jsonl").write_text("", "utf-8")
    found = kle("model", "evaluate", *arguments)
    assert found.exit_code == 2 and says in found.stderr


def test_the_most_uncertain_can_be_searched(kle: Kle, office: Path) -> None:
    kle("collect")
    assert out(kle, "search", "is:unsure", "--sort", "uncertain")["total"] == 0
    wrong = kle("search", "", "--sort", "doubtful")
    assert wrong.exit_code == 2 and "uncertain" in wrong.stderr


def test_older_sqlite_file_is_not_needed_for_a_start(kle: Kle, tmp_path: Path) -> None:
    assert kle("search", "reform").exit_code == 0
    assert Database(f"sqlite:///{tmp_path}/data/kle.sqlite").at_head()


def test_verify_of_a_damaged_file_says_so_in_one_line(kle: Kle, office: Path) -> None:
    kle("collect")
    file = office / "data" / "kle.sqlite"
    with sqlite3.connect(file) as archive:
        archive.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = file.read_bytes()
    for start in (0, 4096 * 2, 4096 * 20):
        file.write_bytes(whole[:start] + b"\xff" * 4096 + whole[start + 4096 :])
        for left in ("-wal", "-shm"):
            Path(f"{file}{left}").unlink(missing_ok=True)
        found = kle("verify")
        assert found.exit_code in (1, 2) and "Traceback" not in found.output, start
        told = ("damaged", "not as it was written", "file is not a database")
        assert any(said in found.output for said in told), start


def test_audit_tells_of_settings_keys_and_releases_and_never_a_secret(
    kle: Kle, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kle("collect")
    kle("collect")  # the same configuration: no line
    monkeypatch.setenv("KLE_CONTACT", "desk@office.example")
    kle("collect")
    key = out(kle, "keys", "add", "--name", "desk")["key"]
    kle("export", "", "--format", "csv", "--out", "release")
    lines = out(kle, "audit")["items"][::-1]
    assert [line["kind"] for line in lines] == ["settings", "settings", "key", "release"]
    assert lines[0]["detail"]["added"] and lines[1]["detail"]["changed"] == ["settings/contact"]
    manifest = (office / "release" / "manifest.json").read_bytes()
    assert lines[3]["subject"] == "manifest/" + hashlib.sha256(manifest).hexdigest()
    assert key not in json.dumps(lines) and "desk@office.example" not in json.dumps(lines)
    shown = kle("audit", "--limit", "2").stdout
    assert "issued" in shown and "digests" not in shown
    assert out(kle, "verify")["audit_lines"] == 4
