"""The schema comes with its migrations, on both databases, also when several processes open a new file at once."""

import multiprocessing
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlmodel import SQLModel

from core import settings
from core.errors import NotReady, SettingsError
from db import database as databases
from db import doubt, search
from db.database import Database, open_database
from db.language import Phrase
from db.models import Meta, Post
from tests.db.conftest import Room, post


def _is_reflected_otherwise(difference):
    """SQLite hands an index in descending order back without its order; PostgreSQL compares it."""
    return (
        difference[0] in ("add_index", "remove_index")
        and difference[1].name == "ix_version_pending"
        and (difference[1].dialect_kwargs.get("sqlite_where") is not None)
    )


def test_models_and_migrations_agree(database_url):
    made = Database(database_url)
    assert made.migrate() is True
    with made._engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda n, kind, _: not (kind == "table" and search.is_index_table(n))}
        )
        unlike = [d for d in compare_metadata(context, SQLModel.metadata) if not _is_reflected_otherwise(d)]
        assert unlike == []
    assert made.at_head() and made.migrate() is False
    made.close()


OLD_ROWS = (
    "INSERT INTO source (id, name, kind, options, every_seconds, enabled, verified, synthetic, next_due_at, state,"
    " failures, attempts)"
    " VALUES (1, 's', 'mastodon', '{}', 60, {yes}, {yes}, {no}, '2026-05-04 07:00:00', '{}', 0, 0)",
    "INSERT INTO post (id, platform, platform_id, kind, created_at, precision, synthetic, second_hand,"
    " first_seen_at, changed_at, versions, edits)"
    " VALUES (7, 'mastodon', 'm.example/1', 'post', '2026-05-04 07:00:00', 'second', {no}, {no},"
    " '2026-05-04 07:01:00', '2026-05-04 07:01:00', 1, 0)",
    "INSERT INTO metrics (post_id, observed_at, likes) VALUES (7, '2026-05-04 07:01:00', 3)",
    "INSERT INTO metrics (post_id, observed_at, likes, views) VALUES (7, '2026-05-05 07:01:00', 5, 90)",
    "INSERT INTO version (id, post_id, number, change, text, links, media, facts, view, seen_at, text_sha256,"
    " digest, attempts) VALUES (1, 7, 1, 'first', 't', '[]', '[]', '{}', 1, '2026-05-04 07:01:00', '', '', 0)",
    "INSERT INTO topic (id, slug, name, definition, position) VALUES (1, 'a', '', '', 0), (2, 'b', '', '', 1)",
    "INSERT INTO tag_model (id, digest, card) VALUES (1, 'm', '{}')",
    "INSERT INTO tag (id, version_id, post_id, topic_id, model_id, probability, threshold, decision, valid_from)"
    " VALUES (1, 1, 7, 1, 1, 0.4, 0.5, 'unsure', '2026-05-04 07:02:00'),"
    " (2, 1, 7, 2, 1, 0.3, 0.5, 'unsure', '2026-05-04 07:02:00')",
)


def _older(url):
    """An archive as version 0001 made it, with a post and its counts."""
    made = Database(url)
    config = Config()
    config.set_main_option("script_location", str(databases.MIGRATIONS))
    yes, no = ("1", "0") if made.file else ("true", "false")
    with made._writer.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in OLD_ROWS:
            connection.exec_driver_sql(statement.replace("{yes}", yes).replace("{no}", no))
    return made


def test_an_older_archive_keeps_its_posts_and_knows_their_newest_counts(database_url):
    made = _older(database_url)
    assert made.migrate() is True
    with made.read() as session:
        kept = session.get_one(Post, 7)
        assert (kept.likes, kept.reposts, kept.views, kept.labels) == (5, None, 90, [])
        assert kept.doubt == doubt.doubt(0.4, 0.5)
        assert (kept.measured_at, kept.recheck_at) == (
            datetime(2026, 5, 5, 7, 1, tzinfo=UTC),
            datetime(2026, 5, 4, 7, 1, tzinfo=UTC),
        )
    made.close()


def test_an_older_archive_s_superseded_texts_can_be_searched(database_url):
    made = _older(database_url)
    added = ("INSERT INTO version (id, post_id, number, change, text, links, media, facts, view, seen_at,"
             " text_sha256, digest, attempts) SELECT 2, post_id, 2, 'edit', 'u', links, media, facts, view,"
             " '2026-05-04 08:01:00', '', '', 0 FROM version")  # fmt: skip
    with made._writer.begin() as connection:
        connection.exec_driver_sql(added)
        connection.exec_driver_sql("UPDATE post SET versions = 2, changed_at = '2026-05-04 08:01:00'")
    assert made.migrate() is True
    with made.read() as session:
        assert list(session.execute(search.matching_old(session, Phrase(("t",)))).scalars()) == [1]
        assert list(session.execute(search.matching_old(session, Phrase(("u",)))).scalars()) == []
    made.close()


def test_an_older_file_is_backed_up_before_it_is_migrated(tmp_path):
    file = tmp_path / "kle.sqlite"
    made = _older(f"sqlite:///{file}")
    assert made.migrate() is True
    made.close()
    copy = Path(f"{file}.before-{databases.head()}")
    with closing(sqlite3.connect(copy)) as kept:
        assert kept.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
        assert kept.execute("SELECT count(*) FROM post").fetchone() == (1,)


def test_an_archive_of_a_newer_program_is_left_alone(database):
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        with pytest.raises(NotReady, match="newer version"):
            database.migrate()
    finally:
        with database.write() as session:
            session.execute(text(f"UPDATE alembic_version SET version_num = '{databases.head()}'"))


def _open(url, start, told):
    start.wait()
    try:
        made = Database(url)
        made.migrate()
        room = Room(made)
        room.archive(*(post(n) for n in range(20)), source=multiprocessing.current_process().name)
        made.close()
        told.put(None)
    except Exception as error:
        told.put(repr(error))


def test_processes_that_open_a_new_archive_at_once_share_it(database_url):
    spawn = multiprocessing.get_context("spawn")
    start, told = spawn.Event(), spawn.Queue()
    workers = [spawn.Process(target=_open, args=(database_url, start, told)) for _ in range(2)]
    for worker in workers:
        worker.start()
    start.set()
    said = [told.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    assert said == [None] * 2
    made = Database(database_url)
    room = Room(made)
    assert len(room.rows(Post)) == 20
    room.assert_sound()
    made.close()


def test_a_file_that_another_turns_to_wal_at_this_moment_is_waited_for():
    class Connection:
        said = 0

        def execute(self, pragma):
            self.said += 1
            if self.said < 3:
                raise sqlite3.OperationalError("database is locked")

    opened = Connection()
    databases._patiently(opened, "PRAGMA journal_mode = WAL")
    assert opened.said == 3
    with pytest.raises(sqlite3.OperationalError, match="syntax"), closing(sqlite3.connect(":memory:")) as made:
        databases._patiently(made, "PRAGMA journal_mode = = WAL")


def test_a_unit_of_work_is_kept_whole_or_not_at_all(database):
    with pytest.raises(RuntimeError), database.write() as session:
        session.add(Meta(name="half", value="1"))
        session.flush()
        raise RuntimeError
    with database.read() as session:
        assert session.get(Meta, "half") is None


def test_a_reader_sees_one_state_while_others_write(room):
    room.archive(post(1))
    with room.database.read() as session:
        count = text("SELECT count(*) FROM post")
        before = session.execute(count).scalar_one()
        room.archive(post(2))
        assert session.execute(count).scalar_one() == before == 1


def test_settings_open_a_new_file_ready_to_use(tmp_path):
    made = open_database(settings.load(data_dir=tmp_path / "new" / "data"))
    assert made.at_head()
    made.close()


def test_what_is_no_database_is_told_in_one_sentence(tmp_path):
    (tmp_path / "kle.sqlite").write_bytes(b"this is no database, only some text that is long enough" * 100)
    with pytest.raises(SettingsError, match="cannot be opened"):
        open_database(settings.load(data_dir=tmp_path))


@pytest.mark.parametrize(
    "url", ["postgresql://kle@127.0.0.1:1/none", "postgresql://[", "postgresql://kle@127.0.0.1:port/x"]
)
def test_a_server_that_cannot_be_reached_is_told_in_one_sentence(monkeypatch, url):
    monkeypatch.setenv("KLE_DATABASE_URL", url)
    with pytest.raises(SettingsError, match="KLE_DATABASE_URL"):
        open_database(settings.load())


def test_postgresql_is_migrated_by_its_command_alone(postgres, monkeypatch):
    with postgres.empty_database() as url:
        monkeypatch.setenv("KLE_DATABASE_URL", url)
        with pytest.raises(NotReady, match="kle db upgrade"):
            open_database(settings.load())


def test_an_index_of_older_folding_is_built_again(room, caplog):
    caplog.set_level("INFO", "db.database")
    room.archive(post(1, "peshmerga"))
    with room.database.write() as session:
        session.execute(text("UPDATE meta SET value = '0' WHERE name = 'fold_version'"))
        search.remove(session, [p.id for p in room.rows(Post)])
    assert room.ids("peshmerga") == []
    assert room.database.refresh_index() is True
    assert room.ids("peshmerga") == ["mastodon:m.example/1"]
    assert "index of 1 posts" in caplog.text
    assert room.database.refresh_index() is False
    room.assert_sound()


def test_a_writer_says_whether_its_commit_waits_for_the_disk(migrated, tmp_path):
    file = shutil.copy(migrated, tmp_path / "kle.sqlite")
    made = Database(f"sqlite:///{file}")
    for lasting in (False, True, False):
        with made.write(lasting=lasting) as session:
            assert session.execute(text("PRAGMA synchronous")).scalar() == 1 + lasting
    made.close()


def test_a_write_has_its_turn_before_anything_is_asked(tmp_path):
    """A clock that is read in it is not behind what another wrote while it waited."""
    database = Database(f"sqlite:///{tmp_path / 'a.sqlite'}")
    database.migrate()
    with closing(sqlite3.connect(tmp_path / "a.sqlite", timeout=0)) as other:
        with database.write(), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")
    database.close()


def test_who_passes_by_holds_few_pages(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'a.sqlite'}")) as database:
        database.migrate()
        with database.read() as session:
            assert session.execute(text("PRAGMA cache_size")).scalar() == -32000
        database.pass_by()
        with database.read() as session, database.write() as other:
            assert session.execute(text("PRAGMA cache_size")).scalar() == -4000
            assert other.execute(text("PRAGMA journal_mode")).scalar() == "wal"
