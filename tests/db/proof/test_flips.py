"""Flip one bit of anything that verify speaks for: it is found; flipped back, all is well."""

import random

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError

JSON = {"links", "media", "facts", "headers", "said", "detail", "labels"}
CELLS = {  # table: its columns
    "version": "post_id number change text links media facts view seen_at text_sha256 digest capture_id erasure_id",
    "tag": "version_id post_id topic_id model_id probability threshold decision evidence_start evidence_end"
           " valid_from",
    "correction": "version_id topic_id tag_id decision note credential_id name at",
    "capture": "url fetched_at status headers sha256 tool digest",
    "media_file": "url sha256 content_type size fetched_at digest",
    "erasure": "public_id cause reason by deleted_at at said",
    "ledger": "seq at kind subject row_digest previous digest",
    "audit": "seq at kind subject detail previous digest",
    "blob": "sha256 size codec body",
    "post": "platform platform_id url kind account_id lang created_at precision synthetic second_hand first_seen_at"
            " changed_at versions current edits labels likes doubt erasure_id",
    "account": "platform handle handle_key",
    "index_entry": "version_id tokens",
    "embedding": "post_id version_id encoder_id vector checksum",
    "subscription": "alert_id subscriber_id",
    "delivery": "subscriber_id alert_id",
    "told": "subscriber_id post_id alert_id late delivery_id",
    "enclosed": "delivery_id post_id",
    "attempt": "delivery_id",
}  # fmt: skip
KEYS = {"ledger": "seq", "audit": "seq", "blob": "sha256", "index_entry": "post_id", "enclosed": "delivery_id"}


def flipped(value, chance):
    """`value` with one bit of it changed."""
    match value:
        case bool():
            return not value
        case int():
            return value ^ 1 << chance.randrange(8)
        case float():
            return value + 2.0 ** -chance.randrange(1, 40)
        case str():
            place = chance.randrange(len(value))
            return value[:place] + chr(ord(value[place]) ^ 1 << chance.randrange(7)) + value[place + 1 :]
        case bytes() | memoryview():
            place = chance.randrange(len(value))
            changed = bytearray(value)
            changed[place] ^= 1 << chance.randrange(8)
            return bytes(changed)
    return None  # PostgreSQL's times, which are no text


def flips(room, count, seed):
    """How many flips the database took; each of them was found."""
    chance, done = random.Random(seed), 0
    places = [(name, column) for name, columns in CELLS.items() for column in columns.split()]
    while done < count:
        name, column = chance.choice(places)
        key = KEYS.get(name, "id")
        said = f"CAST({column} AS TEXT)" if column in JSON else f'"{column}"'
        some = f'{said} IS NOT NULL AND length(CAST("{column}" AS TEXT)) > 0'
        with room.database.read() as session:
            rows = session.execute(text(f"SELECT {key} AS k, {said} AS v FROM {name} WHERE {some}")).all()
        row = chance.choice(rows) if rows else None
        other = flipped(row.v, chance) if row and row.v not in (None, b"") else None
        if column in ("handle", "lang") and other and other.lower() == row.v.lower():
            continue  # platforms take these for one, and the newest spelling of a handle stands
        if other is None or not put(room, name, column, key, row.k, other):
            continue
        moved = other if column == key else row.k
        found = room.verify()
        assert not found["ok"], (name, column, row.k, row.v, other)
        assert put(room, name, column, key, moved, row.v)
        done += 1
        if done % 1 == 0 or done == count:  # a flip that was not put back would hide what comes after it
            left = room.verify()["first_problem"]
            assert left is None, (left, name, column, row.k, row.v, other)


def put(room, name, column, key, number, value):
    """False where the database itself does not take it: no JSON, a key that is there already."""
    postgres = room.database.dialect == "postgresql"
    bound = "CAST(:v AS JSONB)" if column in JSON and postgres else ":v"
    try:
        with room.database.write() as session:
            if postgres:
                session.execute(text("SET LOCAL session_replication_role = replica"))  # whoever can, may do all
            else:
                session.execute(text("PRAGMA defer_foreign_keys = ON"))
            done = session.execute(
                text(f'UPDATE {name} SET "{column}" = {bound} WHERE {key} = :k'), {"v": value, "k": number}
            )
            assert done.rowcount == 1
    except (DataError, IntegrityError):
        return False
    return True


def test_an_archive_with_something_of_everything_verifies(whole):
    found = whole.verify()
    assert found["ok"], found["first_problem"]
    for kind in ("versions", "tag_rounds", "corrections", "captures", "media", "erasures", "blobs", "audit_lines"):
        assert found[kind] > 0, kind
    assert found["unpurged"] == 1


def test_single_flipped_bits_are_found(whole):
    whole.verify()
    flips(whole, 60, 1)


@pytest.mark.torture
def test_thousands_of_flipped_bits_are_found(whole):
    whole.verify()
    flips(whole, 5000, 2)
