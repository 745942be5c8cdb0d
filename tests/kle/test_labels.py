"""`kle labels`: files as people fill them in, what is told of them, and what becomes a person's word."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core import settings, times
from core.post import Account, SeenPost
from db import archive, corrections, credentials, directory, posts, sources, tags
from db.corrections import Author
from db.database import Database, open_database
from db.models import Topic
from db.query import PostQuery
from exports import release
from exports.order import Order
from exports.sampling import Sample
from kle import labels as taking
from tests.conftest import NOW
from tests.exports.conftest import Score
from tests.kle.conftest import Kle

TOPICS = ("reform", "training")
TEXTS = ("Talks on reform", "A course of training", "Closed today", "Training and reform", "=Reform?", "Nothing")


def seen(number: int, text: str) -> SeenPost:
    account = Account("mastodon", "@press@m.example", "Press")
    return SeenPost("mastodon", f"m.example/{number}", "post", account, text, created_at=NOW, synthetic=True,
                    lang="ckb" if number > 3 else "en")  # fmt: skip


def fill(database: Database, *seen_: SeenPost) -> None:
    with database.write() as session:
        source = sources.import_source(session, NOW)
        assert source.id
        archive.archive(session, source, sources.start_run(session, source.id, NOW), seen_, None, times.now())
        model = tags.register_model(session, "ab" * 32, {})
        waiting = tags.claim_versions(session, "here:1:a", 50, times.now())
        scored = [(v, [Score(topic, 0.9 if topic in v.text else 0.1) for topic in TOPICS]) for v in waiting]
        tags.store(session, model, scored, "here:1:a", times.now())


@pytest.fixture
def database() -> Iterator[Database]:
    """Six posts, tagged by the words in them; in lower case only, so that the model is wrong on one."""
    opened = open_database(settings.load())
    with opened.write() as session:
        for place, slug in enumerate(TOPICS):
            row = {"slug": slug, "name": slug, "definition": slug, "position": place}
            directory._put(session, Topic, "slug", row)
    fill(opened, *(seen(n, text) for n, text in enumerate(TEXTS)))
    yield opened
    opened.close()


Take = Callable[..., dict[str, Any]]


@pytest.fixture
def take(database: Database, tmp_path: Path) -> Take:
    """Files by their text or bytes, taken in as by the command."""

    def run(*contents: str | bytes, check: bool = False, names: tuple[str, ...] = ()) -> dict[str, Any]:
        files = [tmp_path / f"{name}.csv" for name in ("ana", "ben", "cem")[: len(contents)]]
        for file, content in zip(files, contents, strict=True):
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return taking.run(database, files, names, check)

    return run


def words(database: Database) -> dict[tuple[int, str], tuple[str, str, str]]:
    """(post, topic) -> decision, name and note of every person's word."""
    with database.read() as session:
        found = posts.page(session, PostQuery.build("")).items
    return {
        (int(post["id"][-1]), tag["topic"]): (tag["decision"], tag["correction"]["name"], tag["correction"]["note"])
        for post in found
        for tag in post["tags"]
        if tag["by"] == "person"
    }


def told(found: dict[str, Any]) -> list[tuple[int, str]]:
    return [(one["line"], one["problem"]) for one in found["problems"]]


HEAD = "id,label_reform,label_training\n"
PLAIN = HEAD + "mastodon:m.example/0,1,0\nmastodon:m.example/1,0,1\n"
EXPECTED = {(0, "reform"): "tagged", (0, "training"): "not", (1, "reform"): "not", (1, "training"): "tagged"}


@pytest.mark.parametrize("content", [
    PLAIN,
    PLAIN.replace(",", ";"),
    PLAIN.replace(",", "\t"),
    "sep=;\n" + PLAIN.replace(",", ";"),
    PLAIN.replace("label_", ""),
    PLAIN.upper().replace("MASTODON:M.EXAMPLE", "mastodon:m.example"),
    PLAIN.replace(",1", ",yes").replace(",0", ",No"),
    PLAIN.replace(",1", ",TRUE").replace(",0", ",FALSE"),
    PLAIN.replace(",1", ",Tagged").replace(",0", ",not"),
    PLAIN.replace(",1", ",1.0").replace(",0", ",0.0"),
    PLAIN.replace(",1", ",X").replace(",0", ","),
    PLAIN.replace(",1", ",✓").replace(",0", ","),
    PLAIN.replace(",1", ",١").replace(",0", ",٠"),
    "\ufeff" + PLAIN,
    PLAIN.encode("utf-16"),
    PLAIN.replace("\n", "\r\n"),
    PLAIN.replace("id,", "text,id,").replace("mastodon", '"a,\nb",mastodon'),
    "id,labels\nmastodon:m.example/0,reform\nmastodon:m.example/1,training\n",
    'id,labels\nmastodon:m.example/0,"[""reform""]"\nmastodon:m.example/1,"Training, "\n',
], ids=lambda content: repr(content[:40]))  # fmt: skip
def test_labels_are_read_as_people_write_them(take: Take, database: Database, content: str | bytes) -> None:
    found = take(content)
    assert found["problems"] == [] and (found["rows"], found["labels"], found["stored"]) == (2, 4, 4)
    assert {key: decision for key, (decision, _, _) in words(database).items()} == EXPECTED


def test_an_empty_cell_is_no_answer_save_in_a_column_of_crosses(take: Take, database: Database) -> None:
    found = take(HEAD + "mastodon:m.example/0,x,1\nmastodon:m.example/1,,\nmastodon:m.example/2,,?\n")
    assert {key: decision for key, (decision, _, _) in words(database).items()} == {
        (0, "reform"): "tagged", (0, "training"): "tagged", (1, "reform"): "not", (2, "reform"): "not",
    }  # fmt: skip
    assert [(one["column"], one["empty"]) for one in found["files"][0]["columns"]] == [
        ("label_reform", "no"), ("label_training", "no answer"),
    ]  # fmt: skip


def test_what_cannot_be_read_is_told_with_its_line_and_the_rest_goes_on(take: Take, database: Database) -> None:
    found = take(
        "id,label_reform,label_colour,training,text\n"
        "mastodon:m.example/0,maybe,1,yes,\"two\nlines\"\n"
        "mastodon:m.example/99,1,1,1,\n"
        ",1,1,1,\n"
        "mastodon:m.example/1,1,1\n"
    )  # fmt: skip
    lines = told(found)
    assert [line for line, _ in lines] == [1, 2, 5, 4]
    assert "no topic 'colour'; there are reform, training" in lines[0][1]
    assert "'maybe' is no label; expected 1 or 0, yes or no" in lines[1][1]
    assert "without an id" in lines[2][1] and "no such post" in lines[3][1]
    assert {key: decision for key, (decision, _, _) in words(database).items()} == {
        (0, "training"): "tagged", (1, "reform"): "tagged",
    }  # fmt: skip


def test_a_topic_in_a_list_that_is_none_is_told(take: Take) -> None:
    found = take("id,labels\nmastodon:m.example/0,reform;colour\nmastodon:m.example/1,none\n")
    assert told(found) == [(2, "column labels: there is no topic 'colour'; there are reform, training;"
                               " none where none holds")]  # fmt: skip
    assert found["stored"] == 2


def test_a_post_labelled_twice_must_say_the_same_twice(take: Take, database: Database) -> None:
    row = "mastodon:m.example/0,{},1\n"
    found = take(HEAD + row.format(1) + row.format(1) + row.format(0) + row.format(1))
    assert told(found) == [(4, "reform: ana labelled it twice, differently; left out")]
    assert list(words(database)) == [(0, "training")]


@pytest.mark.parametrize(
    ("content", "says"),
    [("name,reform\nx,1\n", "no column `id`"), ("id,text\nx,1\n", "no column of labels"), ("", "no column `id`"),
     ("id,reform,reform\nx,1,1\n", "'reform' twice"), (b"PK\x03\x04x", "save the sheet as CSV")],
)  # fmt: skip
def test_a_file_that_is_no_table_of_labels_is_refused(kle: Kle, tmp_path: Path, database: Database, content: Any,
                                                      says: str) -> None:  # fmt: skip
    (tmp_path / "ana.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    found = kle("labels", "ana.csv")
    assert found.exit_code == 2 and says in found.stderr and "Traceback" not in found.output


def test_labels_are_a_persons_word_by_name_and_file(take: Take, database: Database) -> None:
    take(PLAIN)
    assert words(database)[0, "reform"] == ("tagged", "labels: ana", "ana.csv")
    with database.read() as session:
        assert credentials.list_keys(session) == []
        assert not credentials.any_key(session)


def test_the_same_file_again_changes_nothing(take: Take, database: Database) -> None:
    assert take(PLAIN)["stored"] == 4
    before = words(database)
    again = take(PLAIN)
    assert (again["stored"], again["unchanged"]) == (0, 4) and words(database) == before


def test_check_stores_nothing(take: Take, database: Database) -> None:
    found = take(PLAIN, check=True)
    assert found["stored"] == found["unchanged"] == 0 and words(database) == {}
    assert found["topics"]["reform"]["n"] == 2


def test_only_what_all_agree_on_is_stored(take: Take, database: Database) -> None:
    found = take(PLAIN, PLAIN.replace("/1,0,1", "/1,1,1") + "mastodon:m.example/2,0,\n")
    assert {key: (decision, name) for key, (decision, name, _) in words(database).items()} == {
        (0, "reform"): ("tagged", "labels: ana, ben"), (0, "training"): ("not", "labels: ana, ben"),
        (1, "training"): ("tagged", "labels: ana, ben"), (2, "reform"): ("not", "labels: ben"),
    }  # fmt: skip
    assert found["disagreed"] == [
        {"id": "mastodon:m.example/1", "topic": "reform", "answers": {"ana": False, "ben": True}}
    ]
    assert found["disagreements"] == 1 and found["topics"]["reform"]["against_tags"]["ties"] == 1


def test_annotators_may_share_a_file(take: Take) -> None:
    rows = "".join(f"mastodon:m.example/{n},{who},1\n" for n in (0, 1) for who in ("dana", "eli"))
    found = take("id,annotator,reform\n" + rows)
    assert [one["name"] for one in found["annotators"]] == ["dana", "eli"]
    assert found["topics"]["reform"]["pairs"][0]["n"] == 2


def test_who_corrected_in_the_archive_is_not_overruled(take: Take, database: Database) -> None:
    with database.write() as session:
        number, _ = credentials.issue(session, "key", "analyst", ["annotate"], NOW)
        for topic in TOPICS:
            corrections.put(session, "mastodon:m.example/0", topic, "not", None, Author(number, "analyst"), NOW)
    found = take(PLAIN)
    assert (found["stored"], found["unchanged"], found["held"]) == (2, 1, 1)
    assert told(found) == [(2, "reform: analyst said not in the archive, which stands")]
    assert words(database)[0, "reform"][:2] == ("not", "analyst")


def test_the_models_last_word_is_compared_where_a_persons_stands(take: Take) -> None:
    wrong = HEAD + "mastodon:m.example/4,1,0\nmastodon:m.example/0,1,0\n"
    for _ in range(2):  # the second time people's words stand in the archive
        against = take(wrong)["topics"]["reform"]["against_tags"]
        assert (against["recall"], against["precision"], against["support"]) == (0.5, 1.0, 2)


def sheet(database: Database, folder: Path, size: int = 6) -> list[dict[str, str]]:
    """The sheet of a sample, in its release."""
    release.export(database, Order.build(PostQuery.build(""), "csv", sample=Sample.build(size, "lang")), folder)
    return list(csv.DictReader(io.StringIO((folder / "labels.csv").read_text("utf-8"))))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_our_own_sheet_filled_in_gives_estimates_for_the_archive(database: Database, tmp_path: Path) -> None:
    rows = sheet(database, tmp_path / "release", 4)
    write(
        tmp_path / "release" / "ana.csv",
        [{**row, "label_reform": str(int("eform" in row["text"]))} for row in rows],
    )
    found = taking.run(database, [tmp_path / "release" / "ana.csv"], [], check=False)
    weighted = found["topics"]["reform"]["against_tags"]["weighted"]
    assert (weighted["posts"], weighted["covers"], found["problems"], found["stored"]) == (6, 1.0, [], 4)
    assert set(found["languages"]) == {"en", "ckb"}


def test_a_sheet_beside_the_manifest_of_another_sample_is_not_weighted(database: Database, tmp_path: Path) -> None:
    rows = sheet(database, tmp_path / "release", 4)
    rows[1]["stratum"] = "s0000000000"
    write(tmp_path / "release" / "ana.csv", [{**row, "label_reform": "1"} for row in rows])
    found = taking.run(database, [tmp_path / "release" / "ana.csv"], [], check=True)
    manifest = tmp_path / "release" / "manifest.json"
    ((line, says),) = told(found)
    assert line == 3 and says.startswith(f"{manifest} has no stratum s0000000000: it is of another sample")
    assert found["topics"]["reform"]["against_tags"]["weighted"] is None


def test_a_sheet_without_its_manifest_says_what_is_missing(kle: Kle, database: Database, tmp_path: Path) -> None:
    rows = sheet(database, tmp_path / "release", 4)
    write(tmp_path / "ana.csv", [{**row, "label_reform": "1"} for row in rows])
    assert "--release DIR" in kle("labels", "ana.csv", "--check").stdout


def test_a_release_stays_as_it_was_written_while_people_label(kle: Kle, database: Database, tmp_path: Path) -> None:
    rows = sheet(database, tmp_path / "release", 4)
    write(tmp_path / "ana.csv", [{**row, "label_reform": str(int("eform" in row["text"]))} for row in rows])
    said = kle("labels", "ana.csv", "--release", "release", "--json")
    found = json.loads(said.stdout)
    assert found["topics"]["reform"]["against_tags"]["weighted"]["covers"] == 1.0 and found["problems"] == []
    assert kle("export", "--verify", "release").exit_code == 0
    wrong = kle("labels", "ana.csv", "--release", ".", "--check")
    assert wrong.exit_code == 2 and "no manifest.json of a sample" in " ".join(wrong.stderr.split())


def test_labels_of_a_text_that_was_changed_since_are_told_and_not_stored(
    database: Database, tmp_path: Path
) -> None:
    rows = sheet(database, tmp_path / "release")
    write(tmp_path / "release" / "ana.csv", [{**row, "label_reform": "1"} for row in rows])
    fill(database, seen(0, "Talks were put off"))
    found = taking.run(database, [tmp_path / "release" / "ana.csv"], [], check=False)
    assert [one["problem"] for one in found["problems"]] == [
        "its text was changed since the sheet was made: compared, not stored"
    ]
    assert found["stored"] == 5 and (0, "reform") not in words(database)
    assert found["topics"]["reform"]["against_tags"]["n"] == 6, "the model's word on the text of then counts"
    assert found["topics"]["reform"]["against_tags"]["recall"] == round(2 / 6, 4)


def test_the_command_tells_figures_and_problems(kle: Kle, tmp_path: Path, database: Database) -> None:
    (tmp_path / "ana.csv").write_text(PLAIN, "utf-8")
    (tmp_path / "ben.csv").write_text(PLAIN + "mastodon:m.example/99,1,1\n", "utf-8")
    shown = kle("labels", "ana.csv", "ben.csv", "--check")
    assert shown.exit_code == 1, "something could not be taken"
    assert "kappa" in shown.stdout and "line 4, mastodon:m.example/99: the archive has no such post" in shown.stderr
    stored = kle("labels", "ana.csv", "ben.csv", "--json")
    said = json.loads(stored.stdout)
    assert stored.exit_code == 0 and (said["stored"], said["rows"], said["labels"]) == (4, 5, 8)
    assert said["topics"]["reform"]["kappa"] == 1.0
    assert {"n", "kappa", "against_tags"} <= set(said["topics"]["training"])
    assert {"precision", "recall", "f1", "kappa", "support"} <= set(said["topics"]["training"]["against_tags"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("ana.csv", "--annotator", "a", "--annotator", "b"), "2 --annotator for 1 files"),
     (("ana.csv", "--annotator", " "), "needs a name"), (("ana.csv", "other/ana.csv"), "two files of one name")],
)  # fmt: skip
def test_who_filled_a_file_in_must_be_plain(kle: Kle, tmp_path: Path, database: Database, arguments: Any,
                                            says: str) -> None:  # fmt: skip
    (tmp_path / "other").mkdir()
    for place in ("ana.csv", "other/ana.csv"):
        (tmp_path / place).write_text(PLAIN, "utf-8")
    found = kle("labels", *arguments)
    assert found.exit_code == 2 and says in found.stderr


def test_an_empty_sheet_says_so(kle: Kle, tmp_path: Path, database: Database) -> None:
    rows = sheet(database, tmp_path / "release")
    assert {row["label_reform"] for row in rows} == {""}
    found = kle("labels", "release/labels.csv")
    assert found.exit_code == 1 and "no label in it" in found.stderr and "Traceback" not in found.output


def test_the_archive_still_verifies(take: Take, kle: Kle, database: Database) -> None:
    take(PLAIN)
    assert kle("verify").exit_code == 0


def test_short_rows_and_other_manifests_are_no_crash(kle: Kle, tmp_path: Path, database: Database) -> None:
    (tmp_path / "short.csv").write_text("note,id,label_reform\nonly\n", "utf-8")
    (tmp_path / "manifest.json").write_text('{"sample": {"strata": [{"stratum": "s", "posts": "x"}], "posts": 1}}')
    found = kle("labels", "short.csv", "--json")
    assert "a row without an id" in found.stdout and "Traceback" not in found.output


def test_a_name_in_a_column_is_cut_and_cleaned_like_one_that_is_given(
    kle: Kle, tmp_path: Path, database: Database
) -> None:
    (row, *_) = sheet(database, tmp_path / "release")
    name = "Ana " + "x" * 500
    (tmp_path / "long.csv").write_text(f"id,label_reform,annotator\n{row['id']},1,{name}\n", "utf-8")
    said = json.loads(kle("labels", "long.csv", "--json").stdout)
    assert [len(one["name"]) for one in said["annotators"]] == [100]
