"""The archive proves itself: whatever is changed behind its back is found."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core.post import Account, View
from db import ledger
from db.models import Ledger, Tag, Version
from db.proof import digests, verify
from tests.conftest import NOW
from tests.db.conftest import post


def change(room, statement, **values):
    with room.database.write() as session:
        assert session.execute(text(statement), values).rowcount != 0


def test_an_archive_that_nobody_touched_verifies(full):
    found = full.verify()
    assert found == {"ok": True, "versions": 5, "tag_rounds": 5, "corrections": 0, "captures": 1,
                     "media": 0, "erasures": 0, "blobs": 1, "ledger_lines": 11, "audit_lines": 0,
                     "backwards": 0, "unsealed": 0, "unpurged": 0, "first_problem": None}  # fmt: skip


def test_an_empty_archive_verifies(room):
    assert room.verify()["ok"]


def test_progress_is_told_for_each_thing_looked_at(full):
    seen = []
    with full.database.read() as session:
        verify.verify(session, seen.append)
    assert sum(seen) >= 11


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE version SET text = text || '.' WHERE id = 4", "the text of version/4"),
        ("UPDATE version SET text = 'X', text_sha256 = :x WHERE id = 1", "version/1 is not as it was archived"),
        ("UPDATE version SET links = '[]' WHERE id = 3", "version/3"),
        ("UPDATE version SET media = '[{}]' WHERE id = 3", "version/3"),
        ("UPDATE version SET facts = '{}' WHERE id = 2", "version/2"),
        ("UPDATE version SET change = 'edit' WHERE id = 1", "version/1"),
        ("UPDATE version SET view = 1 WHERE id = 1", "version/1"),
        ("UPDATE version SET number = 9 WHERE id = 1", "version/1"),
        ("UPDATE version SET digest = :sha WHERE id = 5", "version/5"),
        ("UPDATE version SET seen_at = '2026-09-01 12:00:59.000000' WHERE id = 5", "version/5"),
        ("UPDATE tag SET probability = 0.95 WHERE id = 1", "tags/"),
        ("UPDATE tag SET threshold = 0.1 WHERE id = 1", "tags/"),
        ("UPDATE tag SET decision = 'tagged' WHERE decision = 'not'", "tags/"),
        ("UPDATE tag SET evidence_start = 2 WHERE id = 1", "tags/"),
        ("UPDATE tag SET topic_id = 1 WHERE id = 1", "tags/"),
        ("DELETE FROM tag WHERE id = 1", "tags/"),
        ("UPDATE ledger SET row_digest = :sha WHERE seq = 1", "ledger line 1"),
        ("UPDATE ledger SET subject = 'version/9' WHERE seq = 2", "ledger line 2"),
        ("UPDATE ledger SET subject = 'tags/x/y' WHERE seq = 2", "ledger line 2"),
        ("UPDATE ledger SET at = '2026-09-01 12:00:59.000000' WHERE seq = 3", "ledger line 3"),
        ("UPDATE ledger SET kind = 'erased' WHERE seq = 3", "ledger line 3"),
        ("UPDATE ledger SET previous = :sha WHERE seq = 3", "ledger line 3"),
        ("UPDATE ledger SET digest = :sha WHERE seq = 10", "ledger line 10"),
        ("DELETE FROM ledger WHERE seq = 5", "ledger line 6"),
        ("DELETE FROM ledger WHERE seq = 11", "ledger speaks for"),
        ("UPDATE blob SET body = :bytes", "is not the bytes that were fetched"),
        (
            "UPDATE post SET created_at = '2026-08-01 12:00:00.000000' WHERE platform_id = 'm.example/2'",
            "the time of",
        ),
        ("UPDATE post SET precision = 'day' WHERE platform_id = 'm.example/2'", "the precision of"),
        ("UPDATE post SET url = 'https://evil.example' WHERE platform_id = 'm.example/1'", "the url of"),
        ("UPDATE post SET kind = 'quote' WHERE platform_id = 'm.example/1'", "the kind of"),
        ("UPDATE post SET lang = 'ar' WHERE platform_id = 'm.example/3'", "the lang of"),
        ("UPDATE post SET platform_id = 'other' WHERE platform_id = 'm.example/1'", "was archived as"),
        ("UPDATE post SET deleted_at = NULL WHERE platform_id = 'm.example/2'", "the deletion of"),
        ("UPDATE post SET versions = 3 WHERE platform_id = 'm.example/1'", "posts count 6 versions"),
        ("UPDATE post SET versions = 1 WHERE platform_id = 'm.example/1'", "posts count 4 versions"),
        ("UPDATE post SET current = 2 WHERE platform_id = 'm.example/3'", "the current version of"),
        ("UPDATE post SET current = 1 WHERE platform_id = 'm.example/1'", "changed when no version of it"),
        ("UPDATE account SET handle_key = 'someone@m.example'", "the account of"),
        ("UPDATE account SET handle = '@fake'", "the account of"),
        ("UPDATE post SET account_id = NULL WHERE platform_id = 'm.example/2'", "the account of"),
        ("UPDATE post SET synthetic = NOT synthetic WHERE platform_id = 'm.example/1'", "the synthetic of"),
        ("DELETE FROM sighting WHERE url = 'https://m.example/3'", "was seen first through"),
        ("UPDATE sighting SET url = 'https://evil.example' WHERE url = 'https://m.example/3'", "was seen first"),
        ("DELETE FROM index_entry WHERE version_id = 3", "the index entry of mastodon:m.example/3"),
    ],
)
def test_every_kind_of_change_behind_its_back_is_found(full, statement, says):
    full.verify()  # seals
    known = {"sha": "0" * 64, "bytes": b"x", "x": digests.sha256(b"X")}
    change(full, statement, **{name: value for name, value in known.items() if f":{name}" in statement})
    found = full.verify()
    assert found["ok"] is False
    assert says in found["first_problem"]


def test_a_version_that_nobody_sealed_is_found(full):
    full.verify()
    with full.database.write() as session:
        row = dict(session.execute(text("SELECT * FROM version WHERE id = 1")).mappings().one())
    columns = ", ".join(c for c in row if c not in ("id", "number"))
    change(full, f"INSERT INTO version (id, number, {columns}) SELECT 99, 7, {columns} FROM version WHERE id = 1")
    assert "6 versions" in full.verify()["first_problem"]


def test_a_tag_that_nobody_sealed_is_found(full):
    full.verify()
    columns = "version_id, post_id, topic_id, model_id, probability, threshold, decision, valid_to"
    made = f"SELECT 99, '2026-01-01 00:00:00.000000', {columns} FROM tag WHERE id = 1"
    change(full, f"INSERT INTO tag (id, valid_from, {columns}) {made}")
    assert "tags" in full.verify()["first_problem"]


def test_entries_missing_from_the_index_itself_are_found(full):
    from db import search
    from db.models import IndexEntry, Post
    from db.upsert import insert_quietly

    key = full.rows(Post)[0].id
    entry = next(e for e in full.rows(IndexEntry) if e.post_id == key)
    with full.database.write() as session:
        search.remove(session, [key])
        insert_quietly(session, IndexEntry, [dict(entry._mapping)])
    found = full.verify()["first_problem"]
    assert "the full-text index does not" in found and "m.example/" in found


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_lines_wait_for_one_sealer_and_are_verified_meanwhile(room):
    room.archive(*(post(n) for n in range(20)))
    with room.database.read() as session:
        found = verify.verify(session)
    assert (found["ok"], found["versions"], found["ledger_lines"], found["unsealed"]) == (True, 20, 0, 20)
    with room.database.write() as one, room.database.write() as other:
        assert ledger.seal(one) == 20
        assert ledger.seal(other) == 0
    assert room.verify()["ledger_lines"] == 20


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_verifying_while_others_write_raises_no_false_alarm(room):
    room.archive(*(post(n) for n in range(5)))
    with room.database.read() as session:
        walk = verify._walk(session)
        first = next(walk)
        room.archive(*(post(n) for n in range(5, 10)))
        room.verify()
        assert [problem for _, problem in [first, *walk] if problem] == []


MEETING = "A meeting of leaders and advisors on the reform of partner forces"
looks = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "~aa", "~bb"]),  # which post
        st.sampled_from(["mastodon", "feed", "article", "x"]),
        st.sampled_from(["", MEETING, MEETING[:-7], "Another text, with other words in it, about training"]),
        st.sampled_from(list(View)),
        st.booleans(),  # deleted
        st.sampled_from([None, "second", "day"]),
        st.sampled_from(["one", "two"]),
        st.sampled_from(["https://news.example/1", "https://news.example/2"]),
        st.sampled_from([None, 1, 2]),
    ),
    min_size=1, max_size=10,
)  # fmt: skip


def some(examples):
    quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=examples, deadline=None, suppress_health_check=quiet)


# one look knows a row by its id, and another post of the same slice moves that row to an exact time
MOVED = [
    ("1", "feed", "", View.QUOTE, False, "second", "two", "https://news.example/1", None),
    ("~bb", "feed", "", View.QUOTE, False, None, "one", "https://news.example/1", None),
    ("~bb", "feed", "", View.QUOTE, False, None, "two", "https://news.example/2", None),
]


@example(seen=MOVED, size=3)
@some(20)
@given(seen=looks, size=st.integers(1, 4))
def test_any_sequence_of_looks_leaves_a_sound_archive(room, seen, size):
    look_at(room, seen, size)


@pytest.mark.torture
@some(1000)
@given(seen=looks, size=st.integers(1, 4))
def test_thousands_of_sequences_of_looks_leave_a_sound_archive(room, seen, size):
    look_at(room, seen, size)


def look_at(room, seen, size):
    spread = room.now.timestamp()
    made = []
    for name, platform, said, view, deleted, precision, source, url, likes in seen:
        platform_id = f"{name}{spread:.0f}" if name.startswith("~") or platform != "x" else name
        at = None if precision is None else NOW.replace(hour=0 if precision == "day" else 9)
        made.append((source, post(
            text=said, platform=platform, platform_id=platform_id, view=view, deleted=deleted, created_at=at,
            precision=precision or "seen", url=f"{url}?{spread:.0f}", metrics={"likes": likes} if likes else {},
            account=Account(platform, f"@o{spread:.0f}"),
            embedded_in="https://news.example/q" if view is View.QUOTE else None)))  # fmt: skip
    for start in range(0, len(made), size):
        for source in ("one", "two"):
            slice_ = [p for s, p in made[start : start + size] if s == source]
            room.archive(*slice_, source=source)
            unchanged = room.archive(*slice_, source=source) if len({p.id for p in slice_}) == len(slice_) else None
            assert unchanged is None or unchanged.new == 0
    for _, one in made:
        room.get(one.id)  # every id that was ever seen leads to its post
    room.assert_sound()


def test_rows_are_counted_as_they_are(full):
    assert len(full.rows(Version)) == 5
    assert len(full.rows(Tag)) == 8
    assert len(full.rows(Ledger)) in (0, 11)
