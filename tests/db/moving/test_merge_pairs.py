"""Any two archives that saw parts of one history: merged either way they hold the same, and a second merge adds
nothing."""

import itertools
import shutil
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core.post import View
from db.database import Database
from db.models import Alias, Metrics, Post, Sighting, Source, Version
from db.moving import backup
from db.moving.merging import merge
from db.moving.merging.states import State
from tests.conftest import NOW
from tests.db.conftest import OFFICE, TOPICS, Room, Score, post, snowflake

WHOLE = "A meeting of the advisors with a general on what a reform of the forces needs, number "
_numbers = itertools.count()
TEXTS = ("A", "B", "C", "")

looks = st.lists(
    st.fixed_dictionaries(
        {
            "minute": st.integers(0, 300),
            "number": st.integers(1, 3),
            "text": st.sampled_from(TEXTS),
            "deleted": st.booleans(),
            "view": st.sampled_from((View.FULL, View.FULL, View.ENTRY, View.PAGE, View.QUOTE)),
            "likes": st.none() | st.integers(0, 3),
            "views": st.none() | st.integers(0, 3),
            "source": st.sampled_from(("one", "two")),
            "x": st.booleans(),
            "seen_by": st.sampled_from(("a", "b", "ab", "ab")),
            "tagged": st.none() | st.sampled_from(TOPICS),
        }
    ),
    min_size=1,
    max_size=10,
)


def shown(look):
    counts = {name: look[name] for name in ("likes", "views") if look[name] is not None}
    view, number = look["view"], look["number"]
    more = {"view": view, "deleted": look["deleted"] and view > View.QUOTE, "metrics": counts, "lang": "en"}
    more["embedded_in"] = "https://news.example/q" if view is View.QUOTE else None
    if not look["x"]:
        return post(number, look["text"], **more)
    moment = post(number).created_at
    own = f"~{number:016}" if view is View.QUOTE else snowflake(moment)
    said = f"{WHOLE}{number}" + (look["text"] if view > View.QUOTE else "")
    return post(number, said, platform="x", platform_id=own, account=OFFICE, url=None, **more)


def watch(room, history, who):
    with room.database.write() as session:
        session.execute(text("UPDATE meta SET value = :who WHERE name = 'archive_id'"), {"who": who})
        session.execute(text("INSERT INTO meta (name, value) SELECT 'archive_id', :who WHERE NOT EXISTS"
                             " (SELECT 1 FROM meta WHERE name = 'archive_id')"), {"who": who})  # fmt: skip
    room.topics()
    for look in sorted(history, key=lambda look: look["minute"]):
        if who in look["seen_by"]:
            room.now = max(room.now, NOW + timedelta(minutes=look["minute"]))
            room.archive(shown(look), source=look["source"])
            if look["tagged"]:
                room.tag(Score(look["tagged"]))


def contents(room):
    """What an archive holds of each post, whatever its id there: states, sightings, counts."""
    names = {p.id: {f"{p.platform}:{p.platform_id}"} for p in room.rows(Post)}
    for alias in room.rows(Alias):
        names[alias.post_id].add(alias.public_id)
    sources = {s.id: s.name for s in room.rows(Source)}
    found = {key: {"states": set(), "seen": set(), "counts": set()} for key in names}
    for version in room.rows(Version):
        found[version.post_id]["states"].update(State(dict(version._mapping)).shows)
    for sighting in room.rows(Sighting):
        found[sighting.post_id]["seen"].add((sources[sighting.source_id], sighting.url, sighting.first_hand))
    for row in room.rows(Metrics):
        found[row.post_id]["counts"].add((row.observed_at, row.likes, row.views))
    for row in room.rows(Post):
        found[row.id]["now"] = (row.likes, row.views, row.second_hand)
    return {frozenset(names[key]): found[key] for key in names}


def opened(tmp_path, migrated, name):
    file = tmp_path / name
    shutil.copy(migrated, file)
    return Room(Database(f"sqlite:///{file}"))


def merged(room, file):
    room.now = NOW + timedelta(days=1)
    merge.merge(room.database, str(file), clock=room.tick, size=2)
    room.assert_sound()
    before = room.rows(Post), room.rows(Version)
    assert not merge.merge(room.database, str(file), clock=room.tick).changed
    assert before == (room.rows(Post), room.rows(Version))
    room.assert_sound()
    return contents(room)


def either_way(tmp_path, migrated, first, history):
    number = next(_numbers)
    second = opened(tmp_path, migrated, f"{number}.sqlite")
    watch(first, history, "a")
    watch(second, history, "b")
    files = tmp_path / f"{number}.a", tmp_path / f"{number}.b"
    for room, file in zip((first, second), files, strict=True):
        backup.backup(room.database, file)
    one, other = merged(first, files[1]), merged(second, files[0])
    assert one == other
    second.database.close()
    for file in (*files, tmp_path / f"{number}.sqlite"):
        file.unlink()


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(looks)
def test_sqlite_archives_merged_either_way_hold_the_same(tmp_path, migrated, history):
    first = opened(tmp_path, migrated, f"{next(_numbers)}.first")
    either_way(tmp_path, migrated, first, history)
    first.database.close()


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(looks)
def test_postgres_and_sqlite_archives_merged_either_way_hold_the_same(tmp_path, migrated, emptied, history):
    first = Room(Database(emptied()))
    either_way(tmp_path, migrated, first, history)
    first.database.close()


@pytest.mark.torture
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(looks)
def test_a_thousand_pairs_merged_either_way_hold_the_same(tmp_path, migrated, history):
    first = opened(tmp_path, migrated, f"{next(_numbers)}.first")
    either_way(tmp_path, migrated, first, history)
    first.database.close()
