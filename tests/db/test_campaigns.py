"""Judging again: one model is the archive's, what others judged is stale, and the report counts from the rows."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from db import campaigns, changes, tags
from db import database as databases
from db.database import Database
from db.models import Campaign, Tag, Version
from tests.conftest import NOW
from tests.db.conftest import Score, post


def stale(room):
    with room.database.read() as session:
        return campaigns.stale_count(session)


def begin(room, model):
    with room.database.write() as session:
        return campaigns.begin(session, tags.register_model(session, model, {}), room.tick())


def finish(room, campaign):
    with room.database.write() as session:
        campaigns.finish(session, campaign.id, room.tick())


def changed(room, campaign):
    with room.database.read() as session:
        return changes.changed(session, campaign.id, campaign.started_at)


def models_of(room):
    return {p: {t["model"] for t in room.get(p)["tags"]} for p in room.ids()}


@pytest.fixture
def five(room):
    """Five posts, judged by the model "old"."""
    room.topics()
    room.archive(*(post(n) for n in range(5)))
    room.adopt("old")
    assert room.tag(Score("reform"), Score("training", decision="unsure"), model="old") == 5
    return room


def test_nothing_is_stale_where_one_model_tagged(five):
    assert stale(five) == 0
    five.adopt("old")
    assert len(five.rows(Campaign)) == 1 and five.rows(Campaign)[0].finished_at
    assert five.tag(Score("reform"), model="old") == 0


def test_the_archive_s_model_judges_again_what_another_judged(five):
    five.adopt("new")
    assert stale(five) == 5
    assert [five.tag(Score("training"), model="new", limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert stale(five) == 0
    assert set(map(frozenset, models_of(five).values())) == {frozenset({"new"})}
    assert five.ids("topic:training") and not five.ids("topic:reform")
    with five.database.write() as session:
        campaigns.settle(session, five.tick())
    assert all(c.finished_at for c in five.rows(Campaign))
    five.assert_sound()


def test_a_campaign_with_something_left_is_not_settled(five):
    five.adopt("new")
    five.tag(Score("training"), model="new", limit=4)
    with five.database.write() as session:
        campaigns.settle(session, five.tick())
        assert campaigns.chosen(session).finished_at is None


def test_a_model_that_was_not_chosen_tags_what_waits_and_becomes_stale(five):
    five.archive(post(7), live=False)
    assert five.tag(Score("training"), model="guest") == 1
    assert stale(five) == 1
    assert five.tag(Score("training"), model="guest") == 0
    assert five.tag(Score("reform"), model="old") == 1
    assert stale(five) == 0


def test_live_and_bulk_work_go_before_what_is_stale(five):
    five.adopt("new")
    five.archive(post(8, "bulk"), live=False)
    five.archive(post(9, "live"))
    with five.database.write() as session:
        own = campaigns.chosen(session).id
        taken = [tags.claim_versions(session, "a:1:x", 1, NOW + timedelta(days=1), own)[0].text for _ in range(3)]
    assert taken[:2] == ["live", "bulk"] and taken[2] == "A meeting"


def test_back_to_the_model_before_only_what_the_other_judged_is_judged_again(five):
    five.adopt("new")
    assert five.tag(Score("training"), model="new", limit=2) == 2
    five.adopt("old")
    assert stale(five) == 2
    assert five.tag(Score("reform"), model="old") == 2
    assert stale(five) == 0


def test_a_new_version_is_pending_and_not_stale(five):
    five.adopt("new")
    five.archive(post(1, "otherwise"))
    assert stale(five) == 4
    assert five.tag(Score("reform"), model="new") == 1
    assert stale(five) == 4
    assert five.tag(Score("reform"), model="new") == 4
    judged = {v.campaign_id for v in five.rows(Version) if v.text == "A meeting" and v.post_id != v.id}
    assert None in judged  # the state before the edit belongs to none


def test_everything_is_judged_again_by_the_same_model_once(five):
    campaign = begin(five, "old")
    assert stale(five) == 5
    assert five.tag(Score("reform"), model="old", limit=3) == 3
    assert begin(five, "old").id == campaign.id
    assert five.tag(Score("reform"), model="old") == 2
    assert begin(five, "old").id == campaign.id
    finish(five, campaign)
    assert begin(five, "old").id != campaign.id
    per_version = {v.id: 0 for v in five.rows(Version)}
    for tag in five.rows(Tag):
        per_version[tag.version_id] += tag.topic_id == 3
    assert set(per_version.values()) == {2}


def test_an_interrupted_campaign_goes_on_though_another_model_came_between(five):
    campaign = begin(five, "new")
    five.tag(Score("training"), model="new", limit=2)
    five.adopt("old")
    five.tag(Score("reform"), Score("training", decision="unsure"), model="old", limit=1)
    again = begin(five, "new")
    assert (again.id, again.started_at) == (campaign.id, campaign.started_at)
    assert stale(five) == 4
    assert five.tag(Score("training"), model="new") == 4
    assert changed(five, again) == {"training": {"unsure>tagged": 5}, "reform": {"tagged>not": 5}}


def test_changes_are_counted_from_then_to_now_by_topic(five):
    five.archive(post(6, "judged never before"))
    campaign = begin(five, "new")
    five.tag(Score("reform"), model="new", limit=1)  # the pending one
    five.tag(Score("reform", decision="unsure"), Score("training"), model="new", limit=2)
    five.tag(Score("reform"), Score("training", decision="not"), model="new", limit=2)
    five.tag(
        Score("reform"), Score("training", decision="unsure"), Score("key_leader_engagement"), model="new", limit=1
    )
    assert changed(five, campaign) == {
        "key_leader_engagement": {"not>tagged": 1},
        "training": {"unsure>not": 2, "unsure>tagged": 2},
        "reform": {"tagged>unsure": 2},
    }
    assert list(changed(five, campaign)) == ["key_leader_engagement", "training", "reform"]


def test_judging_alike_changes_nothing(five):
    campaign = begin(five, "new")
    five.tag(Score("reform"), Score("training", decision="unsure"), model="new")
    assert changed(five, campaign) == {}


def test_held_by_another_process_is_told_from_left(five):
    campaign = begin(five, "new")
    with five.database.write() as session:
        tags.claim_versions(session, "b:1:x", 2, five.now, campaign.id)
    with five.database.read() as session:
        assert campaigns.held_count(session, campaign.id, five.now) == 2
        assert campaigns.held_count(session, campaign.id, five.now + timedelta(minutes=1)) == 0
        assert campaigns.stale_count(session) == 5


def test_beginning_a_campaign_writes_no_version(five):
    before = five.rows(Version)
    begin(five, "new")
    assert five.rows(Version) == before


def old_post(number, versions=1):
    return (
        "INSERT INTO post (id, platform, platform_id, kind, created_at, precision, synthetic, second_hand,"
        f" first_seen_at, changed_at, versions, edits) VALUES ({number}, 'm', '{number}', 'post', '2026-05-04',"
        f" 'second', {{no}}, {{no}}, '2026-05-04', '2026-05-04', {versions}, 0)"
    )


def old_version(number, post_id, place=1, priority="NULL"):
    return (
        "INSERT INTO version (id, post_id, number, change, text, links, media, facts, view, seen_at, text_sha256,"
        f" digest, tag_priority, attempts) VALUES ({number}, {post_id}, {place}, 'first', 't', '[]', '[]', '{{}}',"
        f" 3, '2026-05-04', '', '', {priority}, 0)"
    )


def old_tag(version, model, day, to="NULL"):
    return (
        "INSERT INTO tag (version_id, post_id, topic_id, model_id, probability, threshold, decision, valid_from,"
        f" valid_to) VALUES ({version}, {version}, 1, {model}, 0.9, 0.5, 'tagged', '2026-05-0{day}', {to})"
    )


OLD = (
    "INSERT INTO tag_model (id, digest, card) VALUES (1, 'old', '{}'), (2, 'new', '{}')",
    "INSERT INTO topic (id, slug, name, definition, position) VALUES (1, 'reform', '', '', 0)",
    *(old_post(1), old_post(2), old_post(3, versions=2), old_post(4)),
    *(old_version(1, 1), old_version(2, 2), old_version(3, 3), old_version(4, 3, 2, 0), old_version(5, 4)),
    *(old_tag(1, 1, 5), old_tag(2, 1, 5, "'2026-05-07'"), old_tag(2, 2, 7), old_tag(3, 1, 5, "'2026-05-06'")),
)


def test_an_older_archive_learns_which_model_judged_what(database_url):
    made = Database(database_url)
    config = Config()
    config.set_main_option("script_location", str(databases.MIGRATIONS))
    with made._writer.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for statement in OLD:
            connection.exec_driver_sql(statement.replace("{no}", "0" if made.file else "false"))
    made.migrate()
    with ExitStack() as closing, made.read() as session:
        closing.callback(made.close)
        rows = session.execute(text("SELECT id, campaign_id, tag_priority FROM version ORDER BY id")).all()
        assert [tuple(r) for r in rows] == [(1, 1, None), (2, 2, None), (3, None, None), (4, None, 0), (5, None, 1)]
        assert (campaigns.chosen(session).digest, campaigns.stale_count(session)) == ("new", 1)
        assert campaigns.chosen(session).finished_at is None
