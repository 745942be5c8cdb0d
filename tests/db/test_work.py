"""Claims, tags, sources and follows: a part may die at any moment and another goes on where it stood."""

from datetime import timedelta

import pytest

from core import settings
from core.errors import BadRequest, CursorError, KleError, NotFound, SettingsError
from core.outcome import Outcome
from core.post import Problem
from db import credentials, directory, follows, sources, tags, work
from db.models import Quarantine, Run, Source, Tag, Version
from tests.conftest import NOW
from tests.db.conftest import Score, make_source, post

SECOND = timedelta(seconds=1)
HELD = work.HOLD


def claim(room, worker, now):
    with room.database.write() as session:
        found = sources.claim_due(session, worker, now)
        return found.name if found else None


def test_a_claim_keeps_others_out_until_it_expires(room):
    room.source("one")
    assert claim(room, "a:1:x", NOW) == "one"
    assert claim(room, "b:1:x", NOW + HELD) is None
    assert claim(room, "b:1:x", NOW + HELD + SECOND) == "one"


def test_a_renewed_claim_holds_longer_and_a_lost_one_cannot_be_renewed(room):
    source, _ = room.source("one")
    claim(room, "a:1:x", NOW)
    with room.database.write() as session:
        assert work.renew(session, Source, [source.id], "a:1:x", NOW + 20 * SECOND)
    assert claim(room, "b:1:x", NOW + HELD + SECOND) is None
    assert claim(room, "b:1:x", NOW + HELD + 21 * SECOND) == "one"
    with room.database.write() as session:
        assert not work.renew(session, Source, [source.id], "a:1:x", NOW + HELD + 22 * SECOND)


def test_a_lost_claim_cannot_reschedule_the_source(room):
    source, run = room.source("one")
    claim(room, "a:1:x", NOW)
    later = NOW + HELD + SECOND
    claim(room, "b:1:x", later)
    with room.database.write() as session:
        sources.finish_run(session, source.id, run, "a:1:x", Outcome("ok", posts=3), {"a": 1}, later + HELD, later)
    (row,) = room.rows(Source)
    assert (row.claimed_by, row.state, row.next_due_at) == ("b:1:x", {}, NOW)
    assert room.rows(Run)[0].outcome == "ok"


def test_claims_of_dead_processes_of_this_host_are_released_at_start(room):
    with room.database.write() as session:
        for name in "abcde":
            make_source(session, name, NOW)
    for worker in ("ho_t:1:x", "ho_t:2:x", "host:1:x", "ho_t.example:1:x", "odd"):
        claim(room, worker, NOW)
    with room.database.write() as session:
        assert sources.release_dead_claims(session, "ho_t", lambda pid: pid == 2, NOW) == 1
    assert sorted(s.claimed_by or "" for s in room.rows(Source)) == [
        "",
        "ho_t.example:1:x",
        "ho_t:2:x",
        "host:1:x",
        "odd",
    ]


def test_the_run_of_a_process_that_died_elsewhere_ends_when_its_source_is_taken_over(room):
    source, _ = room.source("one")
    claim(room, "there:1:x", NOW)
    later = NOW + HELD + SECOND
    assert claim(room, "here:1:x", later) == "one"
    with room.database.write() as session:
        run = sources.start_run(session, source.id, later)
    with room.database.write() as session:
        sources.finish_run(session, source.id, run, "here:1:x", Outcome("ok"), {}, later + HELD, later)
    assert [r.outcome for r in room.rows(Run)] == ["failed", "ok"]


def test_the_longest_due_source_comes_first_and_a_disabled_one_never(room):
    with room.database.write() as session:
        for name, due in (("late", 5), ("first", 9), ("future", -1), ("off", 60)):
            made, _ = make_source(session, name, NOW)
            row = session.get_one(Source, made.id)
            row.next_due_at = NOW - timedelta(minutes=due)
            row.enabled = name != "off"
    assert [claim(room, "a:1:x", NOW) for _ in range(3)] == ["first", "late", None]


def test_a_named_source_is_claimed_due_or_not_and_only_once(room):
    room.source("one")
    with room.database.write() as session:
        assert sources.claim_named(session, "one", "a:1:x", NOW).name == "one"
        with pytest.raises(KleError, match="being collected by another"):
            sources.claim_named(session, "one", "b:1:x", NOW)
        with pytest.raises(NotFound, match="there are one"):
            sources.claim_named(session, "two", "b:1:x", NOW)


@pytest.mark.parametrize(
    ("ending", "failures"), [("ok", 0), ("empty", 0), ("not_modified", 0), ("failed", 3), ("rate_limited", 3)]
)
def test_failures_are_counted_until_a_good_run(room, ending, failures):
    source, run = room.source("one")
    with room.database.write() as session:
        session.get_one(Source, source.id).failures = 2
    claim(room, "a:1:x", NOW)
    with room.database.write() as session:
        due = NOW + timedelta(hours=1)
        sources.finish_run(
            session, source.id, run, "a:1:x", Outcome(ending, error="no\x00 way"), {"etag": "1"}, due, NOW
        )
    (row,) = room.rows(Source)
    assert (row.failures, row.state, row.next_due_at, row.claimed_by) == (failures, {"etag": "1"}, due, None)
    assert room.rows(Run)[0].error == "no way"


def test_sources_are_shown_with_their_health(room):
    source, run = room.source("one")
    claim(room, "a:1:x", NOW)
    with room.database.write() as session:
        sources.finish_run(session, source.id, run, "a:1:x", Outcome("ok", posts=2), {}, NOW, NOW + SECOND)
        sources.start_run(session, source.id, NOW + 2 * SECOND)
    with room.database.read() as session:
        (shown,) = sources.list_sources(session, room.now)
    assert set(shown) == {"name", "kind", "url", "actor", "enabled", "verified", "synthetic", "every_seconds",
                          "next_due_at", "failures", "last_run", "last_ok_at", "volume", "pages",
                          "media", "keep", "erase_deleted"}  # fmt: skip
    assert (shown["last_run"]["outcome"], shown["last_run"]["posts"]) == ("ok", 2)
    assert shown["last_ok_at"] == "2026-09-01T12:00:01Z"


def test_runs_are_listed_newest_first_by_cursor(room):
    source, _ = room.source("one")
    room.source("two")
    with room.database.write() as session:
        for n in range(5):
            sources.start_run(session, source.id, NOW + n * SECOND)
    found, after = [], None
    with room.database.read() as session:
        while True:
            runs, after = sources.list_runs(session, "one", 2, after)
            found += [r["id"] for r in runs]
            if after is None:
                break
        assert found == sorted(found, reverse=True) and len(found) == 6
        assert len(sources.list_runs(session, None, 50, None)[0]) == 7
        with pytest.raises(CursorError):
            sources.list_runs(session, None, 50, "nonsense")
        with pytest.raises(NotFound):
            sources.list_runs(session, "three", 50, None)


def test_unreadable_items_are_kept_shortened_and_storable(room):
    _, run = room.source("one")
    with room.database.write() as session:
        sources.quarantine(session, run, [Problem("bad\x00", "x" * 5000), Problem("worse", "\ud800\x00y")], NOW)
    assert [(q.error, len(q.item)) for q in room.rows(Quarantine)] == [("bad", 2000), ("worse", 1)]


def test_a_page_is_followed_once_newest_first_and_again_when_its_entry_changed(room):
    source, _ = room.source("one")

    def named(*numbers):
        with room.database.write() as session:
            follows.queue(session, source.id, [f"https://a.example/{number}" for number in numbers] * 2)

    def read(now, error=None):
        with room.database.write() as session:
            found = follows.claim(session, source.id, "a:1:x", now)
            if found:
                follows.finish(session, found, now, error)
            return found and found.url[-1]

    named(1, 2)
    named(1, 2)
    assert [read(NOW + n * SECOND) for n in range(3)] == ["2", "1", None]
    named(1)
    assert [read(NOW + n * SECOND, "no") for n in range(2)] == ["1", None]
    with room.database.read() as session:
        assert follows.standing(session) == {source.id: {"waiting": 0, "given_up": 1}}
        assert follows.missed(session, NOW, NOW + SECOND) == {source.id: 1}
        assert follows.missed(session, NOW + SECOND, NOW + 2 * SECOND) == {}


def test_only_what_was_asked_is_a_try(room):
    source, _ = room.source("one")
    now, tries = NOW, []
    with room.database.write() as session:
        follows.queue(session, source.id, ["https://a.example/1"])
    for asked in (True, False, True):
        with room.database.write() as session:
            found = follows.claim(session, source.id, "a:1:x", now)
            tries.append(found.attempts)
            assert follows.claim(session, source.id, "b:1:x", now) is None
            work.postpone(session, found, "no", now + SECOND, asked=asked)
            assert follows.claim(session, source.id, "a:1:x", now) is None
        now += 2 * SECOND
    assert tries == [1, 2, 2]


def test_the_import_source_is_one_and_never_due(room):
    with room.database.write() as session:
        one, other = (sources.import_source(session, NOW) for _ in range(2))
        assert one.id == other.id and not one.enabled
    assert claim(room, "a:1:x", NOW + timedelta(days=900)) is None


# -- tags ---------------------------------------------------------------------------------------------------


def waiting(room, worker="a:1:x", limit=10, now=NOW):
    with room.database.write() as session:
        return tags.claim_versions(session, worker, limit, now)


def test_live_work_goes_first_and_the_newest_of_it(room):
    room.archive(post(1, "bulk"), live=False)
    room.archive(post(2, "live"), post(3, "newer"))
    assert [p.text for p in waiting(room)] == ["newer", "live", "bulk"]
    assert waiting(room, "b:1:x") == []


def test_results_of_a_lost_claim_are_left_to_its_new_holder(room):
    room.topics()
    room.archive(post(1), post(2))
    old = waiting(room)
    new = waiting(room, "b:1:x", 1, NOW + HELD + SECOND)
    with room.database.write() as session:
        model = tags.register_model(session, "m", {})
        results = [(p, [Score("reform")]) for p in old]
        assert tags.store(session, model, results, "a:1:x", NOW + HELD + SECOND) == 1
        assert tags.store(session, model, results, "a:1:x", NOW + HELD + SECOND) == 0
        assert tags.pending_count(session) == 1
        assert tags.store(session, model, [(p, []) for p in new], "b:1:x", NOW + HELD + SECOND) == 1
    room.assert_sound()


def test_judging_again_adds_and_closes_and_never_overwrites(room):
    room.topics()
    room.archive(post(1))
    room.tag(Score("reform"))
    assert room.tag(Score("training")) == 0
    room.adopt("another")
    assert room.get("mastodon:m.example/1")["tagging"] == "done"
    assert room.ids("topic:reform") == ["mastodon:m.example/1"]
    assert room.tag(Score("training"), Score("unheard_of"), model="another") == 1
    assert [t["topic"] for t in room.get("mastodon:m.example/1")["tags"]] == ["training"]
    assert room.ids("topic:reform") == []
    assert sorted((t.topic_id, t.valid_to is None) for t in room.rows(Tag)) == [(2, True), (3, False)]
    room.assert_sound()


def test_a_new_version_closes_the_tags_of_the_old_one(room):
    room.topics()
    room.archive(post(1))
    room.tag(Score("reform"))
    room.archive(post(1, "otherwise"))
    assert room.ids("topic:reform") == [] == room.get("mastodon:m.example/1")["tags"]
    assert room.versions("mastodon:m.example/1")[0]["tags"][0]["valid_to"]


def test_what_could_not_be_judged_waits_longer_each_time(room):
    room.archive(post(1))
    now, waits = NOW, []
    for _ in range(3):
        found = waiting(room, now=now)
        with room.database.write() as session:
            tags.postpone(session, found, "a:1:x", now)
        before = now
        while not (found := waiting(room, "probe", now=now)):
            now += timedelta(minutes=1)
        waits.append((now - before) // timedelta(minutes=1))
        with room.database.write() as session:
            work.finish(session, Version, [found[0].version_id], attempts=len(waits))
    assert waits == sorted(waits) and waits[-1] > waits[0] >= 1


def test_a_model_is_registered_once(room):
    with room.database.write() as session:
        assert (
            tags.register_model(session, "m", {"a": 1})
            == tags.register_model(session, "m", {})
            != tags.register_model(session, "n", {})
        )


# -- credentials --------------------------------------------------------------------------------------------


def test_a_secret_is_shown_once_and_kept_as_a_hash(room):
    with room.database.write() as session:
        assert not credentials.any_key(session)
        number, secret = credentials.issue(session, "key", "laptop", ["read"], NOW)
        assert secret.startswith("kle_") and credentials.any_key(session)
        assert credentials.find(session, "key", secret, NOW).id == number
        assert credentials.find(session, "session", secret, NOW) is None
        assert credentials.find(session, "key", secret + "x", NOW) is None
        assert (
            secret
            not in str(credentials.list_keys(session)) + credentials.find(session, "key", secret, NOW).secret_sha256
        )
        credentials.revoke(session, number, NOW)
        assert credentials.find(session, "key", secret, NOW) is None
        assert credentials.list_keys(session)[0]["revoked_at"]


def test_secrets_expire(room):
    with room.database.write() as session:
        _, secret = credentials.issue(session, "session", "s", ["read"], NOW, timedelta(hours=1))
        assert credentials.find(session, "session", secret, NOW + timedelta(minutes=59))
        assert credentials.find(session, "session", secret, NOW + timedelta(hours=1)) is None


def test_a_sign_in_link_works_once(room):
    with room.database.write() as session:
        _, secret = credentials.issue(session, "sign_in", "first", ["admin"], NOW, timedelta(hours=1))
        assert not credentials.consume(session, "other", NOW)
        assert credentials.consume(session, secret, NOW)
        assert not credentials.consume(session, secret, NOW)
        _, key = credentials.issue(session, "key", "k", ["read"], NOW)
        assert not credentials.consume(session, key, NOW)


def test_unknown_scopes_and_keys_are_refused(room):
    with room.database.write() as session:
        with pytest.raises(BadRequest, match="there are read, annotate, alerts, export, admin"):
            credentials.issue(session, "key", "k", ["read", "root"], NOW)
        with pytest.raises(NotFound):
            credentials.revoke(session, 99, NOW)


# -- directory ----------------------------------------------------------------------------------------------


def configured(tmp_path, toml):
    (tmp_path / "kle.toml").write_text(toml, "utf-8")
    return settings.load(tmp_path / "kle.toml")


def feed(name, url="https://a.example/feed", **more):
    extra = "".join(f"{k} = {v!r}\n".replace("True", "true").replace("False", "false") for k, v in more.items())
    return f"[[source]]\nname = '{name}'\nkind = 'feed'\nurl = '{url}'\n{extra}"


def sync(room, tmp_path, toml, now=NOW):
    with room.database.write() as session:
        directory.sync(session, configured(tmp_path, toml), [("reform", "Reform", "d")], now)
    return {s.name: s for s in room.rows(Source)}


def test_sources_follow_the_configuration_and_are_never_deleted(room, tmp_path):
    sync(room, tmp_path, feed("a") + feed("b", enabled=False))
    found = sync(room, tmp_path, feed("b") + feed("c"))
    assert {n: s.enabled for n, s in found.items()} == {"a": False, "b": True, "c": True}
    found = sync(room, tmp_path, feed("a"))
    assert {n: s.enabled for n, s in found.items()} == {"a": True, "b": False, "c": False}
    assert len({s.id for s in found.values()}) == 3


def test_other_options_count_at_once_and_only_files_are_read_from_the_start(room, tmp_path):
    """A budget or a bound that changes is no reason to read, and to pay for, everything again."""
    row = sync(room, tmp_path, feed("a"))["a"]
    with room.database.write() as session:
        sources.keep_state(session, row.id, {"etag": "1"})
        session.get_one(Source, row.id).next_due_at = NOW + timedelta(minutes=14)
    kept = sync(room, tmp_path, feed("a"))["a"]
    assert (kept.state, kept.next_due_at) == ({"etag": "1"}, NOW + timedelta(minutes=14))
    changed = sync(room, tmp_path, feed("a", "https://b.example/feed"))["a"]
    assert (changed.state, changed.next_due_at) == ({"etag": "1"}, NOW)
    files = feed("a").replace("[[source]]", "[[source]]\npath = 'a.xml'")
    assert sync(room, tmp_path, files)["a"].state == {}


def test_a_shorter_schedule_counts_at_once(room, tmp_path):
    row = sync(room, tmp_path, feed("a", every="7d"))["a"]
    with room.database.write() as session:
        session.get_one(Source, row.id).next_due_at = NOW + timedelta(days=7)
    assert sync(room, tmp_path, feed("a", every="15m"))["a"].next_due_at == NOW + timedelta(minutes=15)


def test_actors_take_and_give_back_accounts(room, tmp_path):
    actor = "[[actor]]\nslug = '{}'\nname = 'N'\naccounts = {}\n"
    sync(room, tmp_path, actor.format("a", ["x:@one", "x:@two"]) + actor.format("b", []))
    sync(room, tmp_path, actor.format("a", ["x:@one"]) + actor.format("b", ["x:@TWO"]) + feed("s", actor="b"))
    with room.database.read() as session:
        found = {a["slug"]: [h["handle"] for h in a["accounts"]] for a in directory.actors(session)}
        assert [a["posts"] for a in directory.accounts(session)] == [0, 0]
        assert sources.list_sources(session, room.now)[0]["actor"] == "b"
    assert found == {"a": ["@one"], "b": ["@two"]}


@pytest.mark.parametrize(
    ("toml", "says"), [(feed("a", actor="none"), "is no [[actor]]"), (feed("import"), "kle import")]
)
def test_a_source_that_cannot_be_is_refused(room, tmp_path, toml, says):
    with pytest.raises(SettingsError) as told:
        sync(room, tmp_path, toml)
    assert says in told.value.message


def test_references_and_topics_are_served_as_configured(room, tmp_path):
    for figure in (1, 2):
        sync(room, tmp_path, f"[[reference]]\ntitle = 'T'\ndate = '2022'\nfigures = {{ n = {figure} }}\n")
    with room.database.read() as session:
        assert directory.references(session) == [
            {"slug": "t", "title": "T", "date": "2022", "date_precision": "year", "url": None, "note": None,
             "figures": {"n": 2}, "verified": False}
        ]  # fmt: skip
        assert directory.topics(session) == [
            {"slug": "reform", "name": "Reform", "definition": "d", "own": False, "retired": False, "figures": None}
        ]


def test_a_run_that_died_ends_as_failed_at_the_next_start_and_a_living_one_goes_on(room):
    with room.database.write() as session:
        for name in ("dead", "alive"):
            make_source(session, name, NOW)
            sources.claim_named(session, name, f"here:{1 if name == 'dead' else 2}:x", NOW)
    with room.database.write() as session:
        sources.release_dead_claims(session, "here", lambda pid: pid == 2, NOW)
        found = {r["source"]: (r["outcome"], r["error"]) for r in sources.list_runs(session, None, 9, None)[0]}
    assert found["alive"] == (None, None)
    assert found["dead"][0] == "failed" and "interrupted" in found["dead"][1]
