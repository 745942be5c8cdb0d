"""A read that takes too long is stopped, on both databases, and leaves nothing behind."""

import pytest
from sqlalchemy import text

from core.errors import TooSlow
from db import deadline
from db.database import Database

ENDLESS = text(
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100000000000) SELECT count(*) FROM n"
)
QUICK = text("SELECT 1")


@pytest.mark.parametrize("attempt", range(3))
def test_a_slow_statement_is_stopped_and_the_next_reader_is_not(database, attempt):
    with pytest.raises(TooSlow) as stopped, deadline.within(0.1), database.read() as session:
        session.execute(ENDLESS)
    assert stopped.value.status == 503 and stopped.value.retry_after
    assert "0.1 seconds" in stopped.value.message
    with database.read() as session:
        assert session.execute(QUICK).scalar() == 1
    assert database._engine.pool.checkedout() == 0


def test_rows_that_come_slowly_are_stopped_too(database):
    rows = text(str(ENDLESS).replace("count(*)", "x") + " WHERE x % 1000000 = 0")
    with pytest.raises(TooSlow), deadline.within(0.1), database.read() as session:
        session.execute(rows).all()


def test_a_loop_of_quick_statements_is_stopped(database):
    with pytest.raises(TooSlow), deadline.within(0.1), database.read() as session:
        while True:
            session.execute(QUICK)


def test_units_of_work_share_the_limit_of_their_request(database):
    with pytest.raises(TooSlow), deadline.within(0.1):
        while True:
            with database.read() as session:
                session.execute(QUICK)


def test_what_is_quick_enough_is_left_alone(database):
    with deadline.within(60), database.read() as session:
        assert [session.execute(QUICK).scalar() for _ in range(3)] == [1, 1, 1]


@pytest.mark.parametrize("seconds", [None, 0])
def test_without_a_limit_there_is_none(database, seconds):
    with deadline.within(1e-9), deadline.within(seconds), database.read() as session:
        assert session.execute(QUICK).scalar() == 1


def test_a_write_is_never_cut(database):
    with deadline.within(1e-9), database.write() as session:
        assert session.execute(QUICK).scalar() == 1


def test_another_failure_is_not_told_as_slow(database):
    with pytest.raises(Exception, match="no_such_table"), deadline.within(60), database.read() as session:
        session.execute(text("SELECT * FROM no_such_table"))


# -- the archive's state ------------------------------------------------------------------------------------


def note(database, value):
    with database.write() as session:
        session.execute(text("DELETE FROM meta WHERE name = 'note'"))
        session.execute(text("INSERT INTO meta (name, value) VALUES ('note', :value)"), {"value": value})


def test_the_state_is_another_after_each_change_whoever_made_it(database):
    other = Database(database.url.render_as_string(hide_password=False))
    states = [database.state()]
    for number, writer in enumerate((database, other, database, database)):
        note(writer, str(number))
        states.append(database.state())
    other.close()
    assert len(set(states)) == len(states)


def test_the_state_stays_while_nobody_changes_anything(database):
    note(database, "x")
    before = database.state()
    with database.read() as session:
        session.execute(text("SELECT count(*) FROM post")).scalar()
    with database.write() as session:
        session.execute(text("SELECT count(*) FROM post")).scalar()
    assert database.state() == before


def test_a_change_that_is_not_committed_yet_is_none(database):
    with database.write() as session:
        session.execute(text("INSERT INTO meta (name, value) VALUES ('note', 'x')"))
        session.flush()
        before = database.state()
        assert database.state() == before
    assert database.state() != before


@pytest.mark.parametrize("seconds", [None, 60])
def test_a_shorter_limit_inside_leaves_the_session_as_it_was(database, seconds):
    with deadline.within(seconds), database.read() as session:
        assert session.execute(QUICK).scalar() == 1
        for _ in range(2):
            with pytest.raises(TooSlow), deadline.briefly(session, 0.1):
                session.execute(ENDLESS)
            assert session.execute(QUICK).scalar() == 1
        with deadline.briefly(session, 60):
            assert session.execute(QUICK).scalar() == 1


def test_the_limit_of_the_request_holds_inside_a_longer_one(database):
    with pytest.raises(TooSlow), deadline.within(0.1), database.read() as session, deadline.briefly(session, 60):
        session.execute(ENDLESS)
