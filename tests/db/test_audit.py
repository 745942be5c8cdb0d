"""The audit chain: what was done, in order, without secrets, and provable."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from db import audit, credentials
from db.models import Audit
from db.upsert import table
from tests.db.conftest import Room


def lines(room: Room) -> list[tuple[str, str, object]]:
    with room.database.read() as session:
        return [(x["kind"], x["subject"], x["detail"].get("did")) for x in audit.listed(session, 50)][::-1]


def test_keys_are_told_from_issue_to_revocation_and_their_use_once_a_day(room: Room) -> None:
    with room.database.write() as session:
        number, secret = credentials.issue(session, "key", "desk", ["read"], room.tick())
        credentials.touch(session, number, room.tick())
        credentials.touch(session, number, room.tick(timedelta(hours=2)))
        credentials.touch(session, number, room.tick(timedelta(days=1)))
        credentials.revoke(session, number, room.tick())
        credentials.revoke(session, number, room.tick())
    assert lines(room) == [("key", f"key/{number}", did) for did in ("issued", "used", "used", "revoked")]
    with room.database.read() as session:
        assert secret not in str(audit.listed(session, 50))
    assert room.verify()["audit_lines"] == 4


def test_no_secret_of_an_address_goes_into_a_line(room: Room) -> None:
    with room.database.write() as session:
        audit.append(
            session, "backup", "https://a.example/?token=geheim", {"to": "https://u:pw@b.example/x"}, room.now
        )
    with room.database.read() as session:
        assert "geheim" not in str(audit.listed(session, 1)) and "pw@" not in str(audit.listed(session, 1))


def test_a_clock_set_back_makes_no_line_older_than_the_one_before(room: Room) -> None:
    with room.database.write() as session:
        audit.append(session, "a", "1", {}, room.now)
        audit.append(session, "a", "2", {}, room.now - timedelta(hours=1))
        newest, before = audit.listed(session, 2)
    assert newest["at"] == before["at"]
    assert room.verify()["backwards"] == 0


def test_lines_older_than_those_above_are_counted_and_no_failure(room: Room) -> None:
    with room.database.write() as session:
        audit.append(session, "a", "1", {}, room.now)
        row = {"seq": 2, "at": room.now - timedelta(hours=1), "kind": "a", "subject": "2", "detail": {}}
        row["previous"] = audit.head(session)[1]
        session.execute(table(Audit).insert().values(**row, digest=audit.line_digest(row)))
    found = room.verify()
    assert found["ok"] and found["backwards"] == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET detail = '{}' WHERE seq = 2",
        "UPDATE audit SET subject = 'other' WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 2",
    ],
)
def test_a_line_that_was_changed_or_taken_out_is_found(room: Room, statement: str) -> None:
    with room.database.write() as session:
        for number in range(3):
            audit.append(session, "a", str(number), {"n": number}, room.now)
    with room.database.write() as session:
        session.execute(text(statement))
    assert "audit line" in room.verify()["first_problem"]


def test_pages_of_lines_follow_each_other(room: Room) -> None:
    with room.database.write() as session:
        for number in range(5):
            audit.append(session, "a", str(number), {}, room.now)
        assert [x["line"] for x in audit.listed(session, 2, before=4)] == [3, 2]
        assert audit.last_of(session, "b") is None and audit.head(session)[0] == 5
