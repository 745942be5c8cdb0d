"""A sample is the same wherever it is drawn, spread evenly over its cells, and says what each post stands for."""

import csv
import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import times
from core.errors import BadRequest
from core.harmless import as_it_was
from core.post import SeenPost
from db import archive, directory, sources, tags
from db.database import Database
from db.erasing.erase import Why, erase
from db.models import Topic
from db.query import PostQuery
from db.strata import STRATA, Member
from exports import asked, sampling
from exports.batch import Options
from exports.order import Order
from exports.sampling import Drawn, Sample, _Pool
from kle import label_sheets
from tests.conftest import NOW
from tests.exports.conftest import TOPICS, Score, seen

LANGS = ("en", "ckb", "ar")
EXPECTED = [4, 6, 29, 31, 32, 34, 37, 39, 42, 46, 57, 59]  # of seed 7


def corpus(count: int = 60) -> list[SeenPost]:
    """Every third on reform, every fourth on training, some on both; English twice as often as the others."""
    texts = ("word" + " reform" * (n % 3 == 0) + " training" * (n % 4 == 0) for n in range(count))
    return [seen(n, text, lang=("en", *LANGS)[n % 4 if n % 7 else 1]) for n, text in enumerate(texts)]


def fill(database: Database, posts: Sequence[SeenPost], hour: int = 0) -> None:
    at = NOW + timedelta(hours=hour)
    with database.write() as session:
        for place, (slug, name, definition) in enumerate(TOPICS):
            row = {"slug": slug, "name": name, "definition": definition, "position": place}
            directory._put(session, Topic, "slug", row)
        source = sources.import_source(session, at)
        assert source.id
        archive.archive(session, source, sources.start_run(session, source.id, at), posts, None, at)
        model = tags.register_model(session, "ab" * 32, {})
        waiting = tags.claim_versions(session, "here:1:a", 500, at)
        scored = [(v, [Score(slug, 0.9 if slug in v.text else 0.1) for slug, *_ in TOPICS]) for v in waiting]
        tags.store(session, model, scored, "here:1:a", at)


def drawn(database: Database, size: int, stratify: str = "", seed: int = 7, **query: Any) -> Drawn:
    with database.read() as session:
        return sampling.draw(session, PostQuery.build("", **query), Sample.build(size, stratify, seed))


def numbers(found: Drawn) -> list[int]:
    return sorted(int(public_id.rpartition("/")[2]) for public_id in found.codes)


@pytest.fixture
def stocked(database: Database) -> Database:
    fill(database, corpus())
    return database


def test_the_same_seed_draws_the_same_posts_and_another_one_others(stocked: Database) -> None:
    one, again, other = (drawn(stocked, 12, "topic,lang", seed) for seed in (7, 7, 8))
    assert one == again and len(one.keys) == len(set(one.keys)) == 12
    assert one.keys == sorted(one.keys)
    assert set(one.keys) != set(other.keys)
    # the same on every database and machine: written down once
    assert numbers(one) == EXPECTED


def test_rows_that_came_in_another_order_change_nothing(database: Database) -> None:
    mixed = corpus()
    random.Random(3).shuffle(mixed)
    for start in range(0, len(mixed), 25):
        fill(database, mixed[start : start + 25], start)
    found = drawn(database, 12, "topic,lang")
    assert numbers(found) == EXPECTED


def test_each_cell_gets_as_many_until_it_has_no_more(stocked: Database) -> None:
    told = drawn(stocked, 15, "lang").summary()
    sizes = Counter(post.lang for post in corpus())
    assert {cell["lang"]: cell["posts"] for cell in told["cells"]} == sizes
    assert {cell["lang"]: cell["drawn"] for cell in told["cells"]} == {"en": 5, "ckb": 5, "ar": 5}
    assert (told["posts"], told["drawn"], told["size"], told["seed"]) == (60, 15, 15, 7)
    assert told["not_drawn"] == {"strata": 0, "posts": 0}


def test_a_post_counts_in_each_of_its_topics_and_off_topic_is_a_cell(stocked: Database) -> None:
    found = drawn(stocked, 60, "topic")
    cells = {cell["topic"]: cell["posts"] for cell in found.summary()["cells"]}
    assert cells == {"reform": 20, "training": 15, "none": 30}
    strata = {tuple(one["topic"]): one["posts"] for one in found.summary()["strata"]}
    assert strata == {("none",): 30, ("reform",): 15, ("training",): 10, ("reform", "training"): 5}


def test_each_stratum_is_one_of_the_fields_of_a_post(stocked: Database) -> None:
    found = drawn(stocked, 3, ",".join(STRATA)).summary()["strata"]
    assert all(set(one) == {"stratum", "posts", "drawn", *STRATA} for one in found)
    assert {one["account"] for one in found} == {"mastodon/@press@mastodon.example"}
    assert {one["kind"] for one in found} == {"post"}
    assert {one["month"] for one in found} <= {"2025-07", "2025-08", "2025-09"}


def test_it_is_drawn_from_what_the_query_selects(stocked: Database) -> None:
    found = drawn(stocked, 60, "topic", topics=["reform"])
    assert {cell["topic"] for cell in found.summary()["cells"]} == {"reform", "training"}
    assert len(found.keys) == 20


def test_as_of_a_moment_the_strata_are_those_of_then(stocked: Database) -> None:
    then = times.text(NOW + timedelta(minutes=30))
    before = drawn(stocked, 30, "topic,lang,kind,month,account", as_of=then)
    fill(stocked, [seen(3, "Another text on training", lang="ar"), seen(900, "A new one on reform")], 1)
    assert drawn(stocked, 30, "topic,lang,kind,month,account", as_of=then) == before
    assert drawn(stocked, 61, "topic,lang", as_of=then).posts == 60 and drawn(stocked, 1).posts == 61


def test_a_post_that_came_later_takes_at_most_the_places_of_its_cells(stocked: Database) -> None:
    before = drawn(stocked, 12, "lang")
    fill(stocked, [seen(n, "word", lang="ckb") for n in range(100, 140)], 1)
    after = drawn(stocked, 12, "lang")
    assert len(before.codes.keys() - after.codes.keys()) <= 4, "a third of twelve places is of ckb"
    assert all(n >= 100 for n in set(numbers(after)) - set(numbers(before)))


def test_an_erased_post_is_not_drawn(stocked: Database) -> None:
    with stocked.write() as session:
        erase(session, drawn(stocked, 1).keys[0], Why("request", "asked", "operator"), NOW + timedelta(hours=1))
    assert drawn(stocked, 100).posts == 59
    assert drawn(stocked, 100, as_of=times.text(NOW + timedelta(minutes=30))).posts == 59


def members() -> st.SearchStrategy[list[Member]]:
    topics = st.lists(st.sampled_from("abcd"), unique=True, max_size=4).map(lambda t: tuple(sorted(t)) or ("none",))
    groups = st.lists(st.tuples(topics, st.sampled_from("xyz").map(lambda v: (v,))), max_size=120)
    return groups.map(lambda all_: [Member(n, f"m:{n}", group) for n, group in enumerate(all_)])


def pooled(some: Sequence[Member], size: int, spare: int = 1000) -> Drawn:
    pool = _Pool(Sample(size, ("topic", "lang"), 7), 4)
    pool._allowed += spare - sampling._SPARE
    for member in some:
        pool.add(member)
    return pool.drawn()


@given(members(), st.integers(1, 40))
def test_never_more_than_asked_for_and_all_if_there_are_fewer(some: list[Member], size: int) -> None:
    found = pooled(some, size)
    assert len(found.keys) == len(set(found.keys)) == min(size, len(some))
    assert sum(n for _, _, n in found.strata.values()) == len(found.keys)
    assert sum(posts for _, posts, _ in found.strata.values()) + found.not_drawn[1] == len(some) == found.posts


@given(members(), st.integers(1, 40), st.randoms())
def test_what_is_let_go_on_the_way_is_nothing_that_would_be_drawn(
    some: list[Member], size: int, chance: random.Random
) -> None:
    whole = pooled(some, size)
    mixed = list(some)
    chance.shuffle(mixed)
    pool = _Pool(Sample(size, ("topic", "lang"), 7), 4)
    for member in mixed:
        pool.add(member)
        pool._trim()
    assert pool.drawn() == whole


@given(members(), st.integers(1, 40))
def test_no_cell_waits_while_a_smaller_share_of_another_is_drawn(some: list[Member], size: int) -> None:
    """A cell that has more posts got at least as many as every other, save for one turn."""
    cells = pooled(some, size).cells
    least = min((drawn for posts, drawn in cells.values() if drawn < posts), default=None)
    alone = {cell for cell in cells if all(m.groups == tuple((v,) for v in cell) for m in some
                                           if cell in product(*m.groups))}  # fmt: skip
    if least is not None:
        assert all(cells[cell][1] <= least + 1 for cell in alone)


@given(members(), st.integers(1, 40))
def test_within_a_stratum_those_of_the_lowest_places_are_drawn(some: list[Member], size: int) -> None:
    found = pooled(some, size)
    keys = set(found.keys)
    for stratum in {m.groups for m in some}:
        here = sorted((m for m in some if m.groups == stratum), key=lambda m: found.place(m.id))
        taken = [m.key in keys for m in here]
        assert taken == sorted(taken, reverse=True)


def test_weights_give_back_what_the_archive_holds() -> None:
    """Over many seeds the weighted count of a thing nobody stratified by comes out as it is."""
    some = [
        Member(n, f"m:{n}", ((("a", "b") if n % 10 == 0 else ("a",) if n % 5 else ("b",)),)) for n in range(300)
    ]
    holds = {m.key for m in some if m.key % 7 == 0}
    estimates = []
    for seed in range(300):
        pool = _Pool(Sample(40, ("topic",), seed), 2)
        for member in some:
            pool.add(member)
        found = pool.drawn()
        weight = {code: posts / drawn for code, (_, posts, drawn) in found.strata.items()}
        estimates.append(sum(weight[code] for i, code in found.codes.items() if int(i[2:]) in holds))
    assert abs(sum(estimates) / len(estimates) - len(holds)) < 2  # 43 of 300; unweighted it is far from it


@pytest.mark.parametrize(
    ("given_", "told"),
    [((0,), "1 to 1,000,000"), ((5, "topic,colour"), "no stratum 'colour'; there are topic, lang"),
     ((5, "lang, lang"), "twice")],
)  # fmt: skip
def test_what_cannot_be_drawn_is_told(given_: tuple[Any, ...], told: str) -> None:
    with pytest.raises(BadRequest, match=told):
        Sample.build(*given_)


def sheet(found: Drawn, path: Path, text: str = "=1+1", **options: bool) -> list[dict[str, str]]:
    rows: list[dict[str, Any]] = [
        {"id": i, "text": text, "lang": "en", "url": None, "text_sha256": "ab", "tags": []} for i in found.codes
    ]
    assert sampling.sheet(path, rows, ["reform", "training"], found, Options(**options)) == len(rows)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_sheet_asks_one_question_a_topic_and_answers_none(tmp_path: Path) -> None:
    found = pooled([Member(n, f"m:{n}", (("a",), ("x",))) for n in range(9)], 5)
    rows = sheet(found, tmp_path / "labels.csv")
    assert list(rows[0]) == [
        "id", "stratum", "text", "lang", "url", "label_reform", "label_training", "note", "text_sha256",
    ]  # fmt: skip
    assert {row["label_reform"] + row["label_training"] + row["note"] for row in rows} == {""}
    assert [row["id"] for row in rows] == sorted(found.codes, key=found.place)
    assert {(row["text"], row["url"]) for row in rows} == {("'=1+1", "")}
    assert not (tmp_path / "labels.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_excel_is_told_of_utf_8_and_formulas_stay_where_that_is_asked_for(tmp_path: Path) -> None:
    rows = sheet(pooled([Member(1, "m:1", (("a",), ("x",)))], 5), tmp_path / "labels.csv", bom=True, raw=True)
    assert rows[0]["text"] == "=1+1"
    assert (tmp_path / "labels.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_what_is_withheld_is_an_empty_cell(tmp_path: Path) -> None:
    found = pooled([Member(1, "m:1", (("a",), ("x",)))], 5)
    row = {"id": "m:1", "text": None, "lang": None, "url": "https://m.example/1", "text_sha256": "ab"}
    sampling.sheet(tmp_path / "labels.csv", [row], ["reform"], found, Options())
    code = found.codes["m:1"]
    assert len(code) == 11 and code not in pooled([Member(1, "m:1", (("b",), ("x",)))], 5).strata
    cells = f'"m:1","{code}","","","https://m.example/1","","","ab"'
    assert (tmp_path / "labels.csv").read_text("utf-8").splitlines()[1] == cells


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0") | st.sampled_from("\r\n\t\"',;=@+-")),
                min_size=1, max_size=5))  # fmt: skip
def test_the_sheet_is_read_back_whatever_the_texts_hold(texts: list[str]) -> None:
    found = pooled([Member(n, f"m:{n}", (("a",), ("x",))) for n in range(len(texts))], len(texts))
    rows = [{"id": f"m:{n}", "text": text, "lang": None, "url": None, "text_sha256": "ab"}
            for n, text in enumerate(texts)]  # fmt: skip
    with TemporaryDirectory() as folder:
        path = Path(folder, "labels.csv")
        sampling.sheet(path, rows, ["reform"], found, Options())
        with path.open(encoding="utf-8", newline="") as file:
            assert {row["id"]: as_it_was(row["text"]) for row in csv.DictReader(file)} == {
                f"m:{n}": text for n, text in enumerate(texts)
            }
        read = label_sheets.read(path, ["reform"], "ana")
    assert {(row.id, row.stratum, row.text_sha256) for row in read.rows} == {
        (public_id, code, "ab") for public_id, code in found.codes.items()
    }
    assert read.problems == []


def test_a_bare_carriage_return_ends_no_row(tmp_path: Path) -> None:
    found = pooled([Member(1, "m:1", (("a",), ("x",)))], 5)
    row = {"id": "m:1", "text": "Talks\ron reform", "lang": "en", "url": None, "text_sha256": "ab"}
    sampling.sheet(tmp_path / "labels.csv", [row], ["reform"], found, Options())
    assert pandas.read_csv(tmp_path / "labels.csv")["text"].tolist() == ["Talks\ron reform"]


def test_strata_name_nobody_whom_pseudonyms_hide() -> None:
    sample = Sample.build(5, "account")
    with pytest.raises(BadRequest, match="strata by account name those whom pseudonyms hide"):
        Order.build(PostQuery.build(""), "csv", sample=sample, pseudonyms=b"k" * 32)


def test_an_export_that_was_asked_for_names_the_posts_of_its_sample(stocked: Database) -> None:
    order = Order.build(PostQuery.build(""), "csv", sample=Sample.build(12, "topic,lang", 7))
    with stocked.read() as session:
        found = asked.keys(session, order)
    assert found.tolist() == drawn(stocked, 12, "topic,lang").keys
