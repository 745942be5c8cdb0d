"""`kle classify`: another model judges everything again, killed or not, alone or beside a running `kle up`."""

import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from classifier.model import SHIPPED
from tests.kle.conftest import Kle
from tests.kle.office import FileOffice
from tests.kle.program import started, wait_until
from tests.kle.test_import import record, write_lines

POSTS = 600
TEXTS = (
    "Advisors and the general met for talk {} on reform of the brigades.",
    "Course {} of the academy ends today: soldiers learned first aid.",
    "Bank holiday number {}: our office is closed.",
)


@pytest.fixture
def office(kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileOffice:
    """An archive that the shipped model has tagged."""
    office = FileOffice(tmp_path / "office")
    monkeypatch.chdir(office.folder)
    monkeypatch.setenv("KLE_MODEL", "")
    write_lines(Path("some.jsonl"), [record(n, text=TEXTS[n % 3].format(n)) for n in range(POSTS)])
    assert kle("import", "some.jsonl").exit_code == 0
    assert kle("classify").stdout.startswith(f"{POSTS} versions")
    return office


@pytest.fixture
def stricter(tmp_path: Path) -> Path:
    """The shipped model with other thresholds: another digest, other decisions."""
    folder = tmp_path / "stricter"
    folder.mkdir()
    for file in SHIPPED.iterdir():
        (folder / file.name).symlink_to(file)
    heads = json.loads((SHIPPED / "heads.json").read_text("utf-8"))
    for topic in heads["topics"].values():
        topic |= {"threshold": 0.999, "unsure_from": 0.5}
    (folder / "heads.json").unlink()
    (folder / "heads.json").write_text(json.dumps(heads), "utf-8")
    return folder


def all_again(kle: Kle, *arguments: object) -> dict[str, Any]:
    found = kle("classify", "--all", "--json", *arguments)
    assert found.exit_code == 0, found.output
    said: dict[str, Any] = json.loads(found.stdout)
    return said


def judged(office: FileOffice, digest: str) -> int:
    rows = "(SELECT DISTINCT version_id FROM tag JOIN tag_model m ON m.id = model_id WHERE digest = ?)"
    return office.count(rows, digest)


def decisions(office: FileOffice) -> dict[tuple[int, str], str]:
    rows = office.rows(
        "SELECT version_id, slug, decision FROM tag JOIN topic t ON t.id = topic_id WHERE valid_to IS NULL"
    )
    return {(version, slug): decision for version, slug, decision in rows}


def differences(before: dict[tuple[int, str], str], after: dict[tuple[int, str], str]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for (version, slug), decision in after.items():
        if before[version, slug] != decision:
            found.setdefault(slug, Counter())[f"{before[version, slug]}>{decision}"] += 1
    return found


def judged_twice(office: FileOffice, digest: str) -> list[Any]:
    return office.rows(
        "SELECT version_id, topic_id FROM tag JOIN tag_model m ON m.id = model_id WHERE digest = ?"
        " GROUP BY 1, 2 HAVING count(*) > 1",
        digest,
    )


def test_killed_and_called_again_it_goes_on_and_reports_all_of_it(
    kle: Kle, office: FileOffice, stricter: Path
) -> None:
    before = decisions(office)
    digest = json.loads(kle("model", "info", "--model", stricter, "--json").stdout)["digest"]
    with started(office.folder, "classify", "--all", "--model", str(stricter), KLE_MODEL="") as program:
        wait_until(lambda: judged(office, digest) >= 64, "the first tags")
        program.send(signal.SIGKILL)
        program.end()
    done = judged(office, digest)
    assert 64 <= done < POSTS
    found = kle("classify", "--all", "--model", stricter, "--json")
    said = json.loads(found.stdout)
    assert f"{done} done" in found.stderr
    assert (said["tagged"], said["model"]) == (POSTS, digest)
    assert said["changed"] == differences(before, decisions(office)) and said["changed"]["reform"]
    assert judged(office, digest) == POSTS and judged_twice(office, digest) == []
    assert json.loads(kle("verify", "--json").stdout)["ok"] is True


def test_the_same_model_again_changes_nothing_and_begins_anew_each_time(kle: Kle, office: FileOffice) -> None:
    for rounds in (2, 3):
        said = all_again(kle)
        assert (said["tagged"], said["changed"]) == (POSTS, {})
        assert office.rows("SELECT DISTINCT count(*) FROM tag GROUP BY version_id, topic_id") == [(rounds,)]
    assert "No decision changed" in kle("classify", "--all").stdout


def test_beside_a_running_program_of_another_model_it_comes_to_its_end(
    kle: Kle, office: FileOffice, stricter: Path
) -> None:
    before = decisions(office)
    with started(office.folder, "up", "--role", "worker", KLE_MODEL="") as program:
        program.line("kle-monitor works as worker")
        said = all_again(kle, "--model", stricter)
        program.send(signal.SIGTERM)
        assert program.end() == 0
    assert said["tagged"] == POSTS and judged_twice(office, said["model"]) == []
    assert said["changed"] == differences(before, decisions(office))


def test_an_update_of_the_program_reaches_the_old_posts(kle: Kle, office: FileOffice, stricter: Path) -> None:
    with started(office.folder, "up", "--port", "0", KLE_MODEL=str(stricter)) as program:
        address = program.address()
        program.ready(address)
        digest = json.loads(kle("model", "info", "--model", stricter, "--json").stdout)["digest"]
        wait_until(lambda: judged(office, digest) == POSTS, "the last tag")
        program.send(signal.SIGTERM)
        program.end()
    assert judged_twice(office, digest) == []
    assert office.count("campaign WHERE finished_at IS NULL") == 0
    current = {t["model"] for t in json.loads(kle("search", "reform", "--json").stdout)["items"][0]["tags"]}
    assert current == {digest}


def test_the_table_names_topics_and_steps(kle: Kle, office: FileOffice, stricter: Path) -> None:
    shown = kle("classify", "--all", "--model", stricter).stdout
    assert shown.startswith(f"{POSTS} versions tagged by model ")
    assert "tagged -> unsure" in shown and "\nreform" in shown


def test_where_stderr_is_no_terminal_lines_tell_how_far_it_is(
    kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KLE_MODEL", "")
    monkeypatch.setattr("kle.classifying._TELL_EVERY", 0.0)
    write_lines(Path("some.jsonl"), [record(n, text=TEXTS[n % 3].format(n)) for n in range(40)])
    assert kle("import", "some.jsonl").exit_code == 0
    assert "tagged 32 of 40" in kle("classify").stderr
