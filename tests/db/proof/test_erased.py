"""What was erased is accepted only where an erasure vouches for it, and nothing of it is left."""

import pytest
from sqlalchemy import text

from db import captures, ledger
from db.models import Erasure, Version
from db.proof import digests
from db.upsert import table
from tests.db.conftest import post
from tests.db.proof.conftest import erase


@pytest.fixture
def gone(room):
    """One post that stands, one whose text was erased (erasure 1, version 2)."""
    room.archive(post(1, "Stands"), post(2, "Forgotten words"))
    erase(room, "m.example/2")
    assert room.verify()["ok"], room.verify()["first_problem"]
    return room


def change(room, statement):
    with room.database.write() as session:
        assert session.execute(text(statement)).rowcount == 1


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE version SET text = 'Forgotten words' WHERE id = 2", "was erased and still says something"),
        (
            "UPDATE version SET links = '[\"https://a.example\"]' WHERE id = 2",
            "was erased and still says something",
        ),
        ("UPDATE version SET text_sha256 = digest WHERE id = 2", "what is left of version/2"),
        ("UPDATE version SET number = 7 WHERE id = 2", "what is left of version/2"),
        ("UPDATE version SET digest = text_sha256 WHERE id = 2", "no erasure says"),
        ("UPDATE version SET erasure_id = NULL WHERE id = 2", "the text of version/2"),
        ("UPDATE version SET text = '', links = '[]', erasure_id = 1 WHERE id = 1", "version/1"),
        ("UPDATE post SET erasure_id = NULL WHERE erasure_id = 1", "was erased and does not say so"),
        ("UPDATE erasure SET reason = 'none' WHERE id = 1", "erasure/1 does not stand in the ledger"),
        ("UPDATE post SET url = 'https://m.example/2' WHERE erasure_id = 1", "its address is left of it"),
        ("UPDATE sighting SET url = 'https://m.example/2' WHERE url LIKE 'sha256:%'", "an address in a sighting"),
    ],
)
def test_nobody_can_use_an_erasure_to_change_something(gone, statement, says):
    change(gone, statement)
    found = gone.verify()
    assert not found["ok"] and says in found["first_problem"], found["first_problem"]


def test_an_erasure_that_erased_nothing_is_found(gone):
    row = gone.rows(Version)[0]
    said = {"versions": [{"id": row.id, "digest": row.digest, "kept": digests.of_kept(row._mapping)}]}
    made = {"post_id": row.post_id, "public_id": "x:1", "cause": "request", "by": "", "reason": "", "at": gone.now}
    made |= {"id": 9, "deleted_at": None, "said": said}
    with gone.database.write() as session:
        session.execute(table(Erasure).insert().values(made))
        ledger.append(session, [ledger.Line("erasure", "erasure/9", digests.of_erasure(made), gone.now)])
    assert "version/1 was erased (erasure/9) and is not" in gone.verify()["first_problem"]


def test_words_left_in_the_index_are_named_as_a_stale_copy(gone):
    key = next(r.post_id for r in gone.rows(Version) if r.erasure_id)
    with gone.database.write() as session:
        if gone.database.dialect == "sqlite":
            session.execute(text("INSERT INTO post_text(rowid, body) VALUES (:key, 'forgotten')"), {"key": key})
        else:
            session.execute(
                text("UPDATE post_text SET body = 'forgotten'::tsvector || body WHERE post_id = :key"), {"key": key}
            )
    found = gone.verify()["first_problem"]
    assert "m.example/2" in found
    assert gone.database.dialect != "sqlite" or "'forgotten'" in found


def test_a_word_of_no_entry_is_named_as_a_stale_copy(gone):
    body = "'forgotten':1" if gone.database.dialect == "postgresql" else "forgotten"
    key = "post_id" if gone.database.dialect == "postgresql" else "rowid"
    with gone.database.write() as session:
        session.execute(text(f"INSERT INTO post_text({key}, body) VALUES (77, :body)"), {"body": body})
    assert "a stale copy" in gone.verify()["first_problem"]


def test_a_superseded_text_s_stale_copy_is_named(full):
    body = "'forgotten':1" if full.database.dialect == "postgresql" else "forgotten"
    key = "version_id" if full.database.dialect == "postgresql" else "rowid"
    assert full.verify()["ok"]
    with full.database.write() as session:
        session.execute(text(f"INSERT INTO old_text({key}, body) VALUES (77, :body)"), {"body": body})
    found = full.verify()["first_problem"]
    assert "the index of superseded texts" in found and "a stale copy" in found


def test_a_capture_that_still_shows_an_erased_post_is_found(gone):
    from core.page import Page

    with gone.database.write() as session:
        number = captures.store(session, None, Page("https://m.example", b"Forgotten words", gone.now, tool="t"))
        key = next(r.post_id for r in gone.rows(Version) if r.erasure_id)
        session.execute(
            text("INSERT INTO exhibit (post_id, capture_id) VALUES (:key, :n)"), {"key": key, "n": number}
        )
    assert "a capture that shows it is left of it" in gone.verify()["first_problem"]


def test_bytes_that_no_erasure_names_may_not_be_missing(whole):
    whole.verify()
    with whole.database.write() as session:
        session.execute(text("UPDATE blob SET codec = 'erased', body = :none"), {"none": b""})
    assert "no erasure says that they were erased" in whole.verify()["first_problem"]
