"""Whether the archive still says what a release says; if not, each cause is named for what it is."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from core import times
from db import ledger, posts
from db.database import Database
from db.erasing.erase import Why, erase
from exports import agreeing, opened
from exports.batch import Batch
from exports.passage import stand
from exports.software import software
from tests.conftest import NOW
from tests.exports.made import line, post, release, tag, version, withheld

ERASED = "mastodon:office.example/2"


class Made:
    """A release of some rows from this archive, and the archive as it tells them today."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        head = stand(database, None)
        self.stood, self.as_of = head.archive, times.text(head.moment)

    def compare(self, was: Sequence[Any], now: Sequence[Any], versions: Sequence[Any] = (), **more: Any) -> Any:
        said = {"archive": self.stood, "as_of": self.as_of, "software": software()} | more
        release(self.folder, was, **said)
        with opened.release(self.folder) as found:
            return agreeing.agree(self.database, found, _again(now, versions))


def _again(rows: Sequence[Any], versions: Sequence[Any]) -> Callable[[], Iterator[tuple[str, Batch]]]:
    def tell() -> Iterator[tuple[str, Batch]]:
        for name, some in (("posts", rows), ("versions", versions)):
            for row in some:
                yield name, Batch([row], line(row))

    return tell


@pytest.fixture
def made(filled: Database, tmp_path: Path) -> Made:
    return Made(filled, tmp_path / "made")


def test_the_same_rows_agree(made: Made) -> None:
    found = made.compare([post(1), post(2)], [post(1), post(2)])
    assert (found["agrees"], found["chain"], found["why"]) == (True, True, [])
    assert found["tables"]["posts"] == {"rows": {"release": 2, "archive": 2}, "agrees": True}


def test_another_archive_says_so_and_judges_nothing(made: Made) -> None:
    found = made.compare([post(1)], [], archive=made.stood | {"id": "another"})
    assert found["agrees"] is None and "made from the archive another" in found["why"][0]


@pytest.mark.parametrize(
    ("stood", "said"),
    [
        ({"digest": "00" * 32}, "written anew"),
        ({"line": 10**9}, "an older copy"),
        ({"line": 0, "digest": ledger.START}, "more was learnt"),
        ({"line": None}, "does not say on which line"),
        ({"line": -1}, "does not say on which line"),
    ],
)
def test_a_ledger_that_does_not_fit_is_told_though_all_rows_do(made: Made, stood: Any, said: str) -> None:
    found = made.compare([post(1)], [post(1)], archive=made.stood | stood)
    assert (found["agrees"], found["chain"]) == (False, False) and said in found["why"][0]


CHANGES: dict[str, tuple[list[Any], list[Any], list[Any], str]] = {
    "erased": (
        [post(1)],
        [],
        [version(1, erased=True, erased_cause="request")],
        "1 post is erased since (cause: req",
    ),
    "withheld": ([post(1)], [withheld(post(1))], [], "1 post is withheld now"),
    "edited": ([post(1)], [post(1, "By hand.")], [], "1 post is told with another text"),
    "retagged": ([post(1)], [post(1, tags=[tag("reform")])], [], "1 post is told with other tags"),
    "added": (
        [post(1)],
        [post(1), post(2), post(3)],
        [],
        "2 posts are in the archive as of then and not in the rel",
    ),
    "unknown": ([post(7)], [], [], "1 post is no longer there: the archive knows no such id"),
    "unfound": ([post(1)], [], [], "1 post is no longer there: the query does not find it"),
    "account": ([post(1)], [post(1, account={"name": "New"})], [], "told otherwise in account: the name"),
    "counts": ([post(1)], [post(1, metrics={"likes": 3})], [], "told otherwise in metrics: counts of before"),
    "other": ([post(1)], [post(1, lang="ar")], [], "told otherwise in lang: nothing says why"),
    "order": ([post(1), post(2)], [post(2), post(1)], [], "posts: the same rows in another order"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_cause_is_named(made: Made, name: str) -> None:
    was, now, versions, said = CHANGES[name]
    found = made.compare(was, now, versions)
    assert found["agrees"] is False and found["chain"] is True
    assert any(said in sentence for sentence in found["why"]), found["why"]


def test_what_was_erased_is_known_without_a_table_of_versions(made: Made) -> None:
    with made.database.write() as session:
        erase(session, posts.key_of(session, ERASED), Why("request", "asked", "operator"), NOW)
    found = made.compare([post(2)], [])
    assert "1 post is no longer there: erased since (cause: request)" in found["why"]


def test_rows_of_other_tables_are_counted_by_post(made: Made) -> None:
    found = made.compare([post(1)], [post(1)], [version(1), version(3)])
    assert found["differs"]["rows"] == {
        "versions": {"only_in_release": 0, "only_in_archive": 2, "ids": [version(n)["id"] for n in (1, 3)]}
    }


@pytest.mark.parametrize(
    ("made_by", "said"),
    [({"version": "0.0.1"}, "version 0.0.1 of the program"), ({"sha256": "00"}, "other sources")],
)
def test_another_program_is_named(made: Made, made_by: dict[str, str], said: str) -> None:
    found = made.compare([post(1)], [post(1, lang="ar")], software=software() | made_by)
    assert said in found["why"][0]


def test_a_file_that_cannot_be_read_is_still_held_against_the_archive(made: Made) -> None:
    release(made.folder, [post(1)], archive=made.stood, as_of=made.as_of)
    (made.folder / "posts.jsonl").write_text("{nothing")
    with opened.release(made.folder) as found:
        said = agreeing.agree(made.database, found, _again([post(2)], []))
    assert said["agrees"] is False and "what differs cannot be told" in said["why"][-1]
