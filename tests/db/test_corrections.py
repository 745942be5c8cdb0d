"""A person's word on a topic wins over every model's, stays through edits, and can be taken back."""

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from core.errors import BadRequest, CursorError, NotFound
from core.post import SeenPost
from db import campaigns, changes, corrections, counts, credentials, doubt, posts, tags
from db.corrections import Author
from db.models import Correction, Ledger, Meta, Post, Tag, Unsealed, Version
from db.query import PostQuery
from db.upsert import table
from tests.conftest import NOW
from tests.db.conftest import OFFICE, Room, Score, post, snowflake

ONE = "mastodon:m.example/1"
UNSURE = Score("reform", 0.4, 0.5, "unsure", 0, 9)


@pytest.fixture
def judged(room: Room) -> Room:
    """A post that is tagged training, unsure of reform, and no engagement; and who may say something about it."""
    room.topics()
    with room.database.write() as session:
        for name in ("first", "second"):
            credentials.issue(session, "key", name, ["annotate"], NOW)
    room.archive(post(1, "A meeting on courses"))
    room.tag(Score("training", 0.9), UNSURE, Score("key_leader_engagement", 0.1, decision="not"))
    return room


def put(room: Room, topic: str, decision: str, note: str | None = None, key: int = 1, post_id: str = ONE) -> bool:
    with room.database.write() as session:
        author = Author(key, ("first", "second")[key - 1])
        return corrections.put(session, post_id, topic, decision, note, author, room.tick())


def withdraw(room: Room, topic: str, key: int = 1, post_id: str = ONE) -> bool:
    with room.database.write() as session:
        return corrections.withdraw(session, post_id, topic, Author(key, "first"), room.tick())


def shown(room: Room, topic: str, post_id: str = ONE) -> dict | None:
    return next((tag for tag in room.get(post_id)["tags"] if tag["topic"] == topic), None)


def test_a_topic_that_left_the_configuration_is_given_to_no_post_and_can_be_withdrawn(judged: Room) -> None:
    put(judged, "reform", "tagged")
    with judged.database.write() as session:
        session.add(Meta(name="retired_topics", value='["reform"]'))
    with pytest.raises(NotFound, match="has left kle"):
        put(judged, "reform", "not")
    assert withdraw(judged, "reform")


def test_a_note_keeps_lines_and_loses_what_moves_a_terminal(judged: Room) -> None:
    put(judged, "reform", "not", "one\n\x1b[31mtwo\x00\x07")
    assert shown(judged, "reform")["correction"]["note"] == "one\n[31mtwo"


def decisions(room: Room) -> dict[str, str]:
    return {tag["topic"]: tag["decision"] for tag in room.get(ONE)["tags"]}


def retag(room: Room, *scores: Score, digest: str = "newer") -> None:
    with room.database.write() as session:
        model = tags.register_model(session, digest, {})
        session.execute(update(table(Version)).values(tag_priority=1))
        waiting = tags.claim_versions(session, "host:1:a", 100, room.tick())
        tags.store(session, model, [(p, scores) for p in waiting], "host:1:a", room.tick())


def state(room: Room) -> dict[str, list]:
    return {m.__name__: room.rows(m) for m in (Tag, Correction, Post, Ledger, Unsealed)}


def test_a_correction_is_served_with_who_when_and_why(judged):
    assert put(judged, "reform", "tagged", "  It names the plan. ")
    assert shown(judged, "reform") == {
        "topic": "reform", "probability": 1.0, "decision": "tagged", "model": None, "by": "person",
        "evidence": {"start": 0, "end": 9},
        "correction": {"name": "first", "key": 1, "note": "It names the plan.", "at": "2026-09-01T12:00:04Z",
                       "version": 1, "text_changed": False},
    }  # fmt: skip
    untouched = shown(judged, "training")
    assert (untouched["by"], untouched["correction"]) == ("model", None)
    judged.assert_sound()


def test_everything_that_reads_tags_follows(judged):
    put(judged, "key_leader_engagement", "tagged")
    put(judged, "training", "not")
    assert decisions(judged) == {"key_leader_engagement": "tagged", "reform": "unsure", "training": "not"}
    assert judged.get(ONE)["is_kle"]
    found = {q: bool(judged.ids(q)) for q in ("is:kle", "topic:training", "topic:training>0.5", "is:unsure")}
    assert found == {"is:kle": True, "topic:training": False, "topic:training>0.5": False, "is:unsure": True}
    with judged.database.read() as session:
        facets = counts.facets(session, PostQuery.build(""))
        (day,) = counts.timeline(session, PostQuery.build(""), "day")
    assert facets["topic"] == [{"value": "key_leader_engagement", "count": 1}]
    assert day["topics"] == {"key_leader_engagement": 1}
    judged.assert_sound()


def test_a_refused_topic_has_no_evidence(judged):
    put(judged, "training", "not")
    assert shown(judged, "training")["evidence"] is None


@pytest.mark.parametrize("word", ["tagged", "not"])
def test_a_correction_wins_over_a_model_that_reads_the_post_later(judged, word):
    put(judged, "reform", word)
    other = {"tagged": "not", "not": "tagged"}[word]
    retag(judged, Score("reform", 0.99, decision=other), Score("training", 0.8))
    assert decisions(judged) == {"training": "tagged", "reform": word}
    assert bool(judged.ids("topic:reform")) == (word == "tagged")
    judged.assert_sound()


def test_what_a_model_said_meanwhile_is_kept_and_current_when_the_correction_is_withdrawn(judged):
    put(judged, "reform", "not")
    retag(judged, Score("reform", 0.8), Score("training", 0.9))
    assert withdraw(judged, "reform")
    found = shown(judged, "reform")
    assert (found["decision"], found["probability"], found["model"], found["by"]) == (
        "tagged",
        0.8,
        "newer",
        "model",
    )
    assert judged.ids("topic:reform")
    judged.assert_sound()


def test_withdrawn_from_a_topic_that_the_model_does_not_see_it_is_gone(judged):
    put(judged, "key_leader_engagement", "tagged")
    withdraw(judged, "key_leader_engagement")
    assert shown(judged, "key_leader_engagement") is None and not judged.get(ONE)["is_kle"]
    judged.assert_sound()


def test_withdrawn_before_any_model_read_the_post_nothing_is_left(room):
    room.topics()
    with room.database.write() as session:
        credentials.issue(session, "key", "first", ["annotate"], NOW)
    room.archive(post(1))
    put(room, "reform", "tagged")
    assert decisions(room) == {"reform": "tagged"} and room.get(ONE)["tagging"] == "pending"
    withdraw(room, "reform")
    assert decisions(room) == {}
    room.tag(UNSURE)
    assert decisions(room) == {"reform": "unsure"}
    room.assert_sound()


def test_a_second_correction_replaces_the_first_and_the_history_stays(judged):
    put(judged, "reform", "tagged", "yes", key=1)
    put(judged, "reform", "not", "no", key=2)
    withdraw(judged, "reform", key=2)
    (version,) = judged.versions(ONE)
    history = sorted((t for t in version["tags"] if t["topic"] == "reform"), key=lambda t: t["valid_from"])
    assert [(t["decision"], t["by"], (t["correction"] or {}).get("name")) for t in history] == [
        ("unsure", "model", None), ("tagged", "person", "first"), ("not", "person", "second"),
        ("unsure", "model", None),
    ]  # fmt: skip
    assert [t["valid_to"] for t in history] == [*(t["valid_from"] for t in history[1:]), None]
    said = [(c.decision, c.note, c.credential_id) for c in judged.rows(Correction)]
    assert said == [("tagged", "yes", 1), ("not", "no", 2), ("withdrawn", None, 2)]
    judged.assert_sound()


@pytest.mark.parametrize("note", [None, "why"])
def test_the_same_correction_twice_changes_nothing(judged, note):
    put(judged, "reform", "tagged", note)
    before = state(judged)
    assert not put(judged, "reform", "tagged", note)
    assert state(judged) == before


@pytest.mark.parametrize(
    "again", [{"note": "other"}, {"key": 2}, {"decision": "not"}], ids=["note", "key", "decision"]
)
def test_another_word_note_or_key_is_another_correction(judged, again):
    put(judged, "reform", "tagged", "why")
    assert put(judged, "reform", **{"decision": "tagged", "note": "why", **again})
    assert len(judged.rows(Correction)) == 2
    judged.assert_sound()


def test_withdrawing_where_nothing_stands_changes_nothing(judged):
    before = state(judged)
    assert not withdraw(judged, "reform")
    assert state(judged) == before


def test_a_correction_stays_when_the_text_is_edited_and_says_so(judged):
    put(judged, "reform", "tagged")
    judged.archive(post(1, "Another text about courses"))
    edited = shown(judged, "reform")
    assert (edited["decision"], edited["evidence"]) == ("tagged", None)
    assert (edited["correction"]["version"], edited["correction"]["text_changed"]) == (1, True)
    assert decisions(judged) == {"reform": "tagged"} and judged.ids("topic:reform") == [ONE]
    judged.tag(Score("reform", 0.1, decision="not"), Score("training", 0.9))
    assert decisions(judged) == {"reform": "tagged", "training": "tagged"}
    judged.assert_sound()


def test_the_same_word_on_the_edited_text_is_a_new_correction(judged):
    put(judged, "reform", "tagged")
    judged.archive(post(1, "Another text about courses"))
    assert put(judged, "reform", "tagged")
    said = shown(judged, "reform")["correction"]
    assert (said["version"], said["text_changed"]) == (2, False)
    judged.assert_sound()


def test_withdrawn_after_an_edit_the_model_s_word_on_the_new_text_holds(judged):
    put(judged, "training", "not")
    judged.archive(post(1, "Another text about courses"))
    judged.tag(Score("training", 0.7), Score("reform", 0.2, decision="not"))
    withdraw(judged, "training")
    assert decisions(judged) == {"training": "tagged"} and shown(judged, "training")["probability"] == 0.7
    judged.assert_sound()


def test_a_deleted_post_keeps_its_correction_and_evidence(judged):
    put(judged, "reform", "tagged")
    judged.archive(post(1, "A meeting on courses", deleted=True))
    found = shown(judged, "reform")
    assert found["evidence"] and not found["correction"]["text_changed"]
    judged.assert_sound()


def test_a_correction_moves_with_a_post_that_gets_a_better_id(judged):
    quoted = SeenPost("x", "~0123456789abcdef", "post", OFFICE, "A long enough text on the reform of forces",
                      created_at=NOW.replace(hour=0), precision="day", synthetic=True)  # fmt: skip
    judged.archive(quoted)
    put(judged, "reform", "tagged", post_id=quoted.id)
    number = snowflake(NOW)
    judged.archive(replace(quoted, platform_id=number, created_at=NOW, precision="second"))
    assert shown(judged, "reform", f"x:{number}")["by"] == "person"
    assert withdraw(judged, "reform", post_id=quoted.id)
    judged.assert_sound()


def test_what_a_person_decides_while_a_model_judges_everything_is_no_change_of_that_model(judged):
    with judged.database.write() as session:
        model = tags.register_model(session, "newer", {})
        campaign = campaigns.begin(session, model, judged.tick())
    put(judged, "training", "not")
    retag(judged, Score("training", 0.95), Score("reform", 0.6))
    with judged.database.read() as session:
        found = changes.changed(session, campaign.id, campaign.started_at)
    assert found == {"reform": {"unsure>tagged": 1}}


def test_as_of_a_moment_the_word_that_held_then_is_told(judged):
    before = judged.tick()
    put(judged, "reform", "tagged")
    meanwhile = judged.tick()
    judged.archive(post(1, "Another text about courses"))
    edited = judged.tick()
    withdraw(judged, "reform")
    said = []
    for moment in (before, meanwhile, edited, judged.tick()):
        with judged.database.read() as session:
            known = posts.get(session, ONE, moment)["tags"]
        said += [[(t["by"], t["evidence"] is not None) for t in known if t["topic"] == "reform"]]
    assert said == [[("model", True)], [("person", True)], [("person", False)], []]


@pytest.mark.parametrize(
    ("post_id", "topic", "says"),
    [
        ("mastodon:m.example/9", "reform", "the archive has no post"),
        (ONE, "nothing", "there are key_leader_engagement, training, reform"),
    ],
)
def test_what_is_not_there_cannot_be_corrected(judged, post_id, topic, says):
    before = state(judged)
    for act in (lambda: put(judged, topic, "tagged", post_id=post_id), lambda: withdraw(judged, topic, 1, post_id)):
        with pytest.raises(NotFound, match=says):
            act()
    assert state(judged) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE correction SET note = 'other' WHERE id = 1",
        "UPDATE correction SET name = 'other' WHERE id = 1",
        "UPDATE correction SET credential_id = 2 WHERE id = 1",
        "UPDATE correction SET decision = 'tagged' WHERE id = 1",
        "UPDATE correction SET topic_id = 1 WHERE id = 1",
        "UPDATE correction SET tag_id = 1 WHERE id = 1",
        "UPDATE correction SET at = '2026-09-01 12:00:59.000000' WHERE id = 1",
        "DELETE FROM correction WHERE id = 1",
        "UPDATE tag SET decision = 'tagged' WHERE model_id IS NULL",
        "UPDATE tag SET valid_to = valid_from WHERE model_id IS NULL",
        "UPDATE tag SET model_id = 1 WHERE model_id IS NULL",
    ],
)
def test_a_correction_that_is_changed_behind_the_archive_s_back_is_found(judged, statement):
    put(judged, "reform", "not", "why")
    found = judged.verify()
    assert (found["ok"], found["corrections"]) == (True, 1)
    with judged.database.write() as session:
        assert session.execute(text(statement)).rowcount == 1
    assert judged.verify()["ok"] is False


def test_a_withdrawn_correction_that_is_set_in_force_again_is_found(judged):
    put(judged, "reform", "not")
    withdraw(judged, "reform")
    assert judged.verify()["ok"]
    with judged.database.write() as session:
        assert session.execute(text("UPDATE tag SET valid_to = NULL WHERE model_id IS NULL")).rowcount == 1
    assert "correction" in judged.verify()["first_problem"]


def test_corrections_at_one_moment_have_a_line_each(judged):
    with judged.database.write() as session:
        for topic in ("reform", "training", "key_leader_engagement"):
            corrections.put(session, ONE, topic, "not", None, Author(1, "first"), judged.now)
    judged.assert_sound()
    lines = [line for line in judged.rows(Ledger) if line.kind == "correction"]
    assert [line.subject for line in lines] == [f"correction/{n}" for n in (1, 2, 3)]


def test_the_ledger_speaks_for_a_note_by_its_digest_alone(judged):
    put(judged, "reform", "not", "a secret remark")
    judged.verify()
    lines = [str(line) for line in judged.rows(Ledger)]
    assert len(lines) > 3 and not any("secret" in line for line in lines)


# -- the review queue ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("probability", "threshold", "distance"),
    [(0.5, 0.5, 0), (0.5, math.e / (1 + math.e), 1_000_000), (math.e / (1 + math.e), 0.5, 1_000_000)],
)
def test_doubt_is_a_distance_in_log_odds(probability, threshold, distance):
    assert doubt.doubt(probability, threshold) == distance


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_doubt_of_a_certain_probability_is_finite(probability):
    assert 0 < doubt.doubt(probability, 0.5) < 30_000_000


@pytest.fixture
def queue(room: Room) -> Room:
    """Six posts, 1 to 6: the first nothing to review, of the others the last the most doubtful."""
    room.topics()
    with room.database.write() as session:
        credentials.issue(session, "key", "first", ["annotate"], NOW)
    room.archive(post(1, "none", lang="ar"))
    room.tag(Score("reform", 0.9))
    for number in range(2, 7):
        room.archive(post(number, f"number {number}", lang="ckb" if number % 2 else "en"))
        room.tag(Score("reform", 0.3 + number / 100, decision="unsure"), Score("training", 0.31, decision="unsure"))
    return room


def numbers(
    room: Room, q: str = "is:unsure", after: str | None = None, limit: int = 50
) -> tuple[list[int], str | None]:
    with room.database.read() as session:
        page = posts.page(session, PostQuery.build(q), posts.UNCERTAIN, limit, after)
    return [int(p["id"].rpartition("/")[2]) for p in page.items], page.next_cursor


@pytest.mark.parametrize("q", ["is:unsure", "", "number OR none"])
def test_the_most_uncertain_come_first(queue, q):
    assert numbers(queue, q) == ([6, 5, 4, 3, 2], None)


def test_other_filters_narrow_the_queue(queue):
    assert numbers(queue, "is:unsure lang:ckb")[0] == [5, 3]
    assert numbers(queue, "number -lang:ckb")[0] == [6, 4, 2]


def test_the_queue_can_be_bounded_in_time(queue):
    since = (NOW - timedelta(days=30) + timedelta(minutes=4)).isoformat().replace("+00:00", "Z")
    assert numbers(queue, f"is:unsure since:{since}")[0] == [6, 5, 4]
    assert numbers(queue, f"is:unsure until:{since}")[0] == [3, 2]
    assert numbers(queue, "-is:unsure")[0] == [] == numbers(queue, "is:unsure is:edited")[0]


@pytest.mark.parametrize(
    ("q", "only"),
    [
        ("is:unsure", True), ("is:UNSURE since:2020-01-01", True),
        ("is:unsure since:2020-01-01 until:2030-01-01", True), ("", False), ("-is:unsure", False),
        ("is:unsure word", False), ("is:edited", False), ("since:2020-01-01", False),
        ("is:unsure OR is:edited", False),
    ],
)  # fmt: skip
def test_a_query_knows_when_one_filter_is_all_it_asks(q, only):
    assert PostQuery.build(q).asks_only("is", "unsure") is only


def test_a_corrected_topic_leaves_the_queue(queue):
    for number, topic, word in ((6, "reform", "not"), (6, "training", "tagged"), (5, "reform", "tagged")):
        put(queue, topic, word, post_id=f"mastodon:m.example/{number}")
    assert numbers(queue)[0] == [4, 3, 2, 5]  # of 5 training is left, and that is less doubtful
    withdraw(queue, "reform", post_id="mastodon:m.example/6")
    assert numbers(queue)[0] == [6, 4, 3, 2, 5]
    with queue.database.read() as session:
        assert corrections.waiting(session) == 5


def test_an_edited_post_leaves_the_queue_until_it_is_read_again(queue):
    queue.archive(post(6, "another text"))
    assert numbers(queue)[0] == [5, 4, 3, 2]
    queue.tag(Score("reform", 0.49, decision="unsure"))
    assert numbers(queue)[0] == [6, 5, 4, 3, 2]


def test_pages_stay_right_while_posts_are_decided_and_arrive(queue):
    first, cursor = numbers(queue, limit=2)
    put(queue, "reform", "not", post_id="mastodon:m.example/6")
    queue.archive(post(7, "number 7"))
    queue.tag(Score("reform", 0.45, decision="unsure"))
    second, cursor = numbers(queue, after=cursor, limit=2)
    third, end = numbers(queue, after=cursor, limit=2)
    assert (first, second, third, end) == ([6, 5], [4, 3], [2, 6], None)  # 6 again: of it, another topic is left


def test_posts_that_are_as_doubtful_are_paged_without_loss(room):
    room.topics()
    room.archive(*(post(n) for n in range(1, 8)))
    room.tag(UNSURE)
    found, after = numbers(room, limit=3)
    while after:
        more, after = numbers(room, after=after, limit=3)
        found += more
    assert found == [1, 2, 3, 4, 5, 6, 7]


def test_the_cursor_of_another_list_is_refused(queue):
    with queue.database.read() as session:
        other = posts.page(session, PostQuery.build(""), "newest", 2).next_cursor
    with pytest.raises(CursorError):
        numbers(queue, after=other)


def test_an_order_that_is_none_says_which_there_are(room):
    with room.database.read() as session, pytest.raises(BadRequest, match="uncertain"):
        posts.page(session, PostQuery.build(""), "doubtful")


def test_what_models_say_is_told_of_every_topic_of_the_current_version(judged):
    put(judged, "reform", "tagged")
    retag(judged, Score("reform", 0.2, decision="not"), Score("training", 0.3, decision="unsure"))
    with judged.database.read() as session:
        found = corrections.said_by_models(session, ONE)
    assert found["reform"] == {"decision": "not", "probability": 0.2}
    assert found["training"] == {"decision": "unsure", "probability": 0.3}


def test_corrections_that_stand_have_the_text_they_were_made_on(judged):
    put(judged, "reform", "tagged")
    put(judged, "training", "not")
    withdraw(judged, "training")
    judged.archive(post(1, "Another text", lang="en"))
    with judged.database.read() as session:
        found, seen = corrections.standing(session), corrections.to_look_at(session)
    assert [(s.text, s.topic, s.decision) for s in found] == [("A meeting on courses", "reform", "tagged")]
    assert seen == {"reform": 1}


def test_two_workers_cannot_take_a_correction_away(judged):
    """A model that claimed the version before, and stores after."""
    with judged.database.write() as session:
        model = tags.register_model(session, "slow", {})
        session.execute(update(table(Version)).values(tag_priority=1))
        waiting = tags.claim_versions(session, "host:1:a", 1, judged.tick())
    put(judged, "reform", "tagged")
    with judged.database.write() as session:
        tags.store(session, model, [(p, [UNSURE]) for p in waiting], "host:1:a", judged.tick(timedelta(seconds=-9)))
    assert decisions(judged)["reform"] == "tagged"
    assert not judged.ids("is:unsure")
    judged.assert_sound()
