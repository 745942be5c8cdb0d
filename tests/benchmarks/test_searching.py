"""The search's benchmark runs from end to end and its answers are right; how fast is no test's question."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from benchmarks.searching import __main__ as command
from benchmarks.searching import building, datasettes, loading, posts, shapes, tantivies, targets, vocabulary
from benchmarks.searching.bare import Bare
from benchmarks.searching.building import Spent
from benchmarks.searching.contender import agree
from benchmarks.searching.ours import Ours
from benchmarks.searching.plain import Plain
from benchmarks.searching.rounds import Cell
from benchmarks.searching.running import Found
from benchmarks.searching.targets import Target
from benchmarks.searching.writing import FULL, IDLE, PACED, Writer
from core import times
from db.database import Database
from db.models import Post
from db.proof.verify import verify
from db.upsert import table

POSTS, SEED = 2000, 1
SHORT = ("--rounds", "6", "--budget", "0.01", "--pages", "1", "--requests", "2")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archives")


@pytest.fixture(scope="module")
def archive(cache: Path) -> Path:
    return building.cached(cache, SEED, POSTS)[0]


def run(cache: Path, *more: str) -> int:
    return command.main(["run", "--posts", str(POSTS), "--seed", str(SEED), "--cache", str(cache), *SHORT, *more])


def test_everybody_is_asked_everything_and_answers_alike(
    cache: Path, archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, figures = tmp_path / "page.md", tmp_path / "figures.json"
    assert run(cache, "--markdown", str(page), "--json", str(figures)) == 0
    found, text = json.loads(figures.read_bytes()), page.read_text("utf-8")
    there = {"tantivy": tantivies.is_there(), "Datasette": datasettes.is_there()}
    assert found["missing"] == [name for name, is_there in there.items() if not is_there]
    names = {"kle", "kle at 400", Bare.name, Plain.name} | {name for name, is_there in there.items() if is_there}
    for shape, cells in found["shapes"].items():
        assert set(cells) == names, shape
        assert all(cell["rounds"] >= 5 and cell["p95"] >= cell["p50"] > 0 for cell in cells.values())
        assert f"| {shape} |" in text
    assert len(found["shapes"]) == 16
    assert len(found["targets"]) == 10 and all(f"| {target['what']} |" in text for target in found["targets"])
    assert (
        set(found["served"]["clients"]) == {"1", "8", "32"}
        and min(found["served"]["pages_per_second"].values()) > 0
    )
    writing = {mode: said["posts_per_second"] for mode, said in found["beside_a_writer"].items()}
    assert 0 == writing[IDLE] < writing[PACED] < writing[FULL]
    assert {"post", "version", "full text", "tag", "ledger"} <= set(found["tables"])
    assert "Search, measured" in capsys.readouterr().out
    assert [file.name for file in cache.glob("copy-*")] == [], "the copy for the writer is gone"


def test_a_wrong_answer_ends_the_run(
    cache: Path, archive: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right = Plain.told
    monkeypatch.setattr(Plain, "told", lambda self, task, answer: right(self, task, answer)[1:])
    assert run(cache) == 2
    said = capsys.readouterr().err.replace("\n", " ")
    assert "rare word: kle and plain FTS5 join disagree" in said


def test_so_few_posts_that_no_page_is_full_are_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["run", "--posts", "10"]) == 2
    assert "ask for 1,000 or more" in capsys.readouterr().err


# -- what is searched ---------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_posts_and_another_one_others() -> None:
    made = [list(posts.records(seed, 1500)) for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]
    assert [len(block) for block in made[0]] == [1000, 500]


def test_posts_are_what_the_questions_count_on() -> None:
    found = [record for block in posts.records(SEED, 4000) for record in block]
    texts = [f" {record['text'].lower().replace('.', '')} " for record in found]
    assert len({(record["platform"], record["platform_id"]) for record in found}) == 4000
    made = [times.parse(record["created_at"]) for record in found]
    assert len(set(made)) == 4000 and max(made) - min(made) > timedelta(days=3600)
    late = sum(later < earlier - timedelta(days=1000) for earlier, later in pairwise(made))
    assert 40 < late <= 80, "one in fifty comes in late"
    for word in vocabulary.EVERYDAY:
        assert 0.27 < sum(f" {word} " in text for text in texts) / 4000 < 0.33
    for word in vocabulary.RARE:
        assert 60 <= sum(f" {word} " in text for text in texts) <= 100
    assert all(sum(f" {phrase} " in text for text in texts) > 5 for phrase in vocabulary.PHRASES)
    assert {record["lang"] for record in found} == set(vocabulary.LANGUAGES)
    assert 45 < sum(len(text.split()) for text in texts) / 4000 < 55
    assert {len(posts.accounts()), len({account.actor for account in posts.accounts()})} == {400, 40}


def test_no_word_is_there_by_chance() -> None:
    for language in vocabulary.LANGUAGES:
        found = vocabulary.words(language)
        assert len(set(found)) == len(found) >= vocabulary.SIZE - len(vocabulary.EVERYDAY)
        assert not {*vocabulary.EVERYDAY, *vocabulary.RARE} & set(found)
    assert len(set(vocabulary.prefixes(8))) == 8


def test_the_same_seed_gives_the_same_archive_which_verifies(archive: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.sqlite"
    spent = building.build(again, SEED, POSTS)
    chains = []
    for file in (archive, again):
        with closing(sqlite3.connect(file)) as connection:
            chains.append(connection.execute("SELECT * FROM ledger ORDER BY 1").fetchall())
    assert chains[0] == chains[1]
    assert len(chains[0]) > 2 * spent.versions > 2 * POSTS, "versions, tags and captures"
    with closing(Database(f"sqlite:///{again}")) as database, database.read() as session:
        assert verify(session)["first_problem"] is None


def test_edits_deletions_and_topics_are_in_it(archive: Path) -> None:
    with closing(sqlite3.connect(archive)) as connection:
        changes = dict(connection.execute("SELECT change, count(*) FROM version GROUP BY 1"))
        tagged = dict(connection.execute("SELECT decision, count(*) FROM tag WHERE valid_to IS NULL GROUP BY 1"))
        topics = connection.execute("SELECT count(DISTINCT topic_id) FROM tag WHERE decision = 'tagged'").fetchone()
    assert changes == {"first": POSTS, "edit": POSTS // 50, "delete": POSTS // 200}
    assert sum(tagged.values()) == 12 * POSTS and topics == (12,)
    assert 1 < tagged["tagged"] / POSTS < 1.4


# -- how it is asked and counted ----------------------------------------------------------------------------


def test_the_pages_in_the_middle_begin_behind_the_ones_before(archive: Path) -> None:
    with closing(Bare(archive)) as bare, closing(Ours(archive)) as ours:
        deep = next(shape for shape in shapes.shapes(bare.connection, POSTS) if shape.name == "deep page")
        question = deep.question(0)
        assert question.after and deep.question(1).after != question.after
        items = ours.ask("page", question).items
    assert len(items) == shapes.LIMIT and all(times.parse(item["created_at"]) < question.after for item in items)


def test_what_is_asked_anew_is_never_the_same_question() -> None:
    shape = shapes.Shape("facets", "facets", (shapes.Question(("coalition",)),), asked_anew=True)
    assert len({shape.question(number) for number in range(20)}) == 20


def test_a_writer_writes_in_its_modes_and_rests(archive: Path, tmp_path: Path) -> None:
    file = tmp_path / "written.sqlite"
    file.write_bytes(archive.read_bytes())
    with closing(Database(f"sqlite:///{file}")) as database, closing(Writer(file)) as writer:
        assert writer.turn(FULL) == 0
        with database.read() as session:  # until something is there
            assert session.execute(select(func.count()).select_from(table(Post))).scalar_one() >= POSTS
        written = writer.turn(IDLE)
        while not written:
            writer.turn(PACED)
            written = writer.turn(IDLE)
        assert writer.turn(IDLE) == 0
        with database.read() as session:
            assert session.execute(select(func.count()).select_from(table(Post))).scalar_one() >= POSTS + written


def test_answers_that_name_less_agree_and_others_do_not() -> None:
    assert agree("page", ["a", "b"], ["a", "b"]) and not agree("page", ["a", "b"], ["b", "a"])
    assert agree("total", {"at_least": 10}, 12) and not agree("total", {"at_least": 10}, 9)
    assert agree("total", 7, 7) and not agree("total", 7, 8)
    ours = {name: {"x": 3, "y": 2} for name in ("topic", "account", "actor", "platform", "lang", "kind")}
    assert agree("facets", ours, {"account": {"x": 3, "y": 2}})
    many = {str(number): 60 - number for number in range(60)}
    assert agree("facets", {**ours, "account": dict(list(many.items())[:50])}, {"account": many})
    assert not agree("facets", {**ours, "account": dict(list(many.items())[:49])}, {"account": many})
    assert not agree("facets", ours, {"account": {"x": 3, "y": 1}})
    assert not agree("facets", ours, {"account": {"x": 3, "y": 2, "z": 9}})


def test_shares_are_taken_within_a_round_and_the_middle_one_counts() -> None:
    slow = Cell(rounds={1: 4.0, 2: 90.0, 3: 9.0}, busy={1: 2.0, 2: 2.0, 3: 2.0})
    quick = Cell(rounds={1: 2.0, 2: 10.0, 3: 3.0, 4: 1.0}, busy={1: 1.0, 2: 1.0, 3: 1.0, 4: 1.0})
    assert (slow.times(quick), slow.busy_times(quick)) == (3, 2)


def test_facets_and_histogram_together_are_held_against_one_count() -> None:
    shown = {name: Cell(rounds={1: s, 2: s}, busy={1: s, 2: s}) for name, s in (("kle", 6.0), (Bare.name, 2.0))}
    cells = {shapes.BOTH: shown}
    found = Found(POSTS, SEED, Spent(), cells)
    assert (targets._counts(found).measured, targets._counts(found).busy) == (6, 6)


@pytest.mark.parametrize(("status", "answered"), [(200, True), (503, False)])
def test_what_a_server_refuses_is_no_answer_and_no_error(status: int, answered: bool) -> None:
    shape = shapes.Shape("a word", shapes.PAGE, (shapes.Question(("coalition",)),))
    refusing = httpx.MockTransport(lambda request: httpx.Response(status, json={"items": []}))
    with httpx.Client(transport=refusing, base_url="http://127.0.0.1") as client:
        assert (loading._request(client, shape, 0) is not None) == answered


def test_a_target_is_met_from_its_own_side() -> None:
    assert Target("a", 5, 5).met and not Target("a", 5, 5.1).met
    assert Target("a", 100, 120, at_least=True).met and not Target("a", 100, 99, at_least=True).met
