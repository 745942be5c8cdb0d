"""Lists, timelines and facets as of a moment are what was served at that moment, whatever happened since."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import SQLModel

from core.post import METRICS, Account, Media, View
from db import corrections, counts, posts, search
from db.corrections import Author
from db.query import PostQuery
from tests.conftest import NOW
from tests.db.conftest import TOPICS, Score, every_post, post

TEXTS = (
    "A meeting",
    "A meeting of leaders on reform in the north, with advisors of the coalition and of the ministry.",
    "Training of forces",
    "",
    "تدريب القوات",
)
PUBLISHED = NOW - timedelta(days=3)
OFFICES = (Account("mastodon", "office@m.example", "Office"), Account("mastodon", "other@m.example"), None)
WORDS = "A meeting of leaders on reform in the north, with advisors of the coalition"

QUERIES = (
    "", "meeting", "-meeting", "meeting OR training", "meeting -reform", '"of leaders"', "leader*", "تدريب",
    "meeting (reform OR is:edited)", "-(meeting reform)", "meeting -topic:training", "training OR topic:reform",
    "topic:reform", "-topic:reform", "topic:training>0.5", "topic:training<0.5", "is:kle", "is:unsure",
    "is:edited", "-is:edited", "is:deleted", "is:second_hand", "is:synthetic", "has:media", "-has:link",
    "from:office@m.example", "-from:office@m.example", "lang:en", "lang:ar OR lang:en", "kind:post",
    "platform:mastodon", "source:one", "-source:two", "min_likes:2", "min_replies:1 OR meeting",
    "meeting source:two", "since:2026-08-30", "until:2026-08-29T13:00:00Z", "-since:2026-08-29T12:30:00Z",
    "meeting is:deleted", "training min_likes:1 -is:deleted",
)  # fmt: skip

COUNTED = ("", "meeting", "-topic:reform")  # whose pages, timelines and facets are asked for too

decided = st.dictionaries(st.sampled_from(TOPICS), st.sampled_from(("tagged", "unsure", "not")), min_size=1)
shown = st.builds(
    dict,
    number=st.integers(0, 3),
    text=st.sampled_from(TEXTS),
    deleted=st.sampled_from((False, False, False, True)),
    quoted=st.booleans(),
    lang=st.sampled_from(("en", "ar", None)),
    counts=st.dictionaries(st.sampled_from(METRICS[:3]), st.integers(0, 3), max_size=2),
    attached=st.booleans(),
    source=st.sampled_from(("one", "two")),
    office=st.sampled_from(OFFICES),
    hours=st.sampled_from((0, 1, 25)),
    precise=st.booleans(),
)
recovered = st.builds(dict, whole=st.booleans(), text=st.sampled_from((WORDS, WORDS + " again")))
judged = st.tuples(st.sampled_from(("old", "new")), decided)
said = st.tuples(st.integers(0, 3), st.sampled_from(TOPICS), st.sampled_from(("tagged", "not", "withdraw")))
events = st.lists(
    st.one_of(
        st.tuples(st.just("look"), shown),
        st.tuples(st.just("look"), shown),
        st.tuples(st.just("quotation"), recovered),
        st.tuples(st.just("tag"), judged),
        st.tuples(st.just("adopt"), st.sampled_from(("old", "new"))),
        st.tuples(st.just("correct"), said),
    ),
    min_size=1,
    max_size=14,
)


@dataclass
class History:
    """Posts of one example: their numbers and their words are its own, and so are its queries."""

    room: object
    start: int
    author: Author

    def take(self, event):
        name, what = event
        getattr(self, name)(what)

    def look(self, said):
        number = self.start + said["number"]
        view = View.QUOTE if said["quoted"] else View.FULL
        seen = post(
            number, said["text"], deleted=said["deleted"], view=view, lang=said["lang"], metrics=said["counts"],
            account=said["office"], created_at=PUBLISHED + timedelta(hours=said["hours"], seconds=said["number"]),
            links=("https://a.example",) if said["attached"] else (),
            media=(Media("image", "https://a.example/1.png", None),) if said["attached"] else (),
            embedded_in="https://news.example/1" if said["quoted"] else None,
            precision="second" if said["precise"] else "day",
        )  # fmt: skip
        self.room.archive(seen, source=said["source"])

    def quotation(self, said):
        """One post of X that an article quotes, and that is seen whole one day: then it has another id and time."""
        account = Account("x", f"@office{self.start}", "Office")
        moment = PUBLISHED.replace(minute=0, second=0, microsecond=0)
        number = str(((int(moment.timestamp() * 1000) + self.start) - 1_288_834_974_657) << 22)
        as_quoted = {"platform_id": f"~{self.start:x}", "view": View.QUOTE, "precision": "day",
                     "created_at": moment.replace(hour=0), "embedded_in": "https://news.example/2"}  # fmt: skip
        whole = {"platform_id": number, "url": f"https://x.com/{number}", "created_at": None}
        self.room.archive(
            post(text=said["text"], platform="x", account=account, **(whole if said["whole"] else as_quoted)),
            source="two",
        )

    def tag(self, said):
        model, found = said
        scores = [
            Score(topic, {"tagged": 0.9, "unsure": 0.4, "not": 0.1}[d], decision=d) for topic, d in found.items()
        ]
        self.room.tag(*scores, model=model)

    def adopt(self, model):
        self.room.adopt(model)

    def correct(self, said):
        number, topic, decision = said
        public_id = post(self.start + number).id
        with self.room.database.write() as session:
            if not any(p["id"] == public_id for p in every_post(session, PostQuery.build(""))):
                return
            now = self.room.tick()
            if decision == "withdraw":
                corrections.withdraw(session, public_id, topic, self.author, now)
            else:
                corrections.put(session, public_id, topic, decision, "a note", self.author, now)

    def answers(self, moment=None):
        """What every query tells, under today's ids."""
        as_of = moment.isoformat() if moment else None
        with self.room.database.read() as session:
            return {q: self.answer(session, PostQuery.build(q, as_of=as_of)) for q in QUERIES}

    def answer(self, session, query):
        if query.q not in COUNTED:
            return said(posts.page(session, query, limit=200))
        newest, oldest = everything(session, query, "newest"), everything(session, query, "oldest")
        assert {p["id"] for p in newest} == {p["id"] for p in oldest}
        return {
            **said(posts.page(session, query, limit=200)),
            "liked": [p["metrics"]["likes"] for p in everything(session, query, "likes")],
            "hours": counts.timeline(session, query, "hour"),
            "facets": counts.facets(session, query),
        }


def said(page):
    return {"posts": sorted((without_id(p) for p in page.items), key=repr), "total": page.total}


def everything(session, query, sort):
    """All pages, two posts each."""
    found, cursor = [], None
    while True:
        page = posts.page(session, query, sort, 2, cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            assert page.total == len(found) == len({p["id"] for p in found})
            return found


def without_id(item):
    """What a post keeps of today: its id, and its account's name."""
    owner = item["account"] and {**item["account"], "name": None}
    return {**item, "id": None, "platform_id": None, "account": owner}


def fresh(room):
    """Everything out of the archive: each example begins with an empty one."""
    kept = ("meta", "topic", "source", "run", "credential")
    names = [t.name for t in reversed(SQLModel.metadata.sorted_tables) if t.name not in kept]
    with room.database.write() as session:
        for name in names:
            session.execute(text(f"DELETE FROM {name}"))
        search.rebuild(session)


def replays(room, author, happened):
    fresh(room)
    history = History(room, int(room.now.timestamp()), author)
    served = {room.tick(): history.answers()}
    for event in happened:
        history.take(event)
        served[room.tick()] = history.answers()
    for moment, then in served.items():
        again = history.answers(moment)
        for q in QUERIES:
            assert again[q] == then[q], (q, moment)
    room.assert_sound()


def some(examples):
    quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, deadline=None, suppress_health_check=quiet)


def seen(**more):
    usual = {"number": 0, "text": TEXTS[0], "deleted": False, "quoted": False, "lang": "en", "counts": {},
             "attached": False, "source": "one", "office": OFFICES[0], "hours": 0, "precise": True}  # fmt: skip
    return ("look", {**usual, **more})


EDITED = [seen(), ("tag", ("old", {"reform": "tagged"})), seen(text=TEXTS[2], attached=True), seen(deleted=True),
          seen(text=TEXTS[1], counts={"likes": 3})]  # fmt: skip
TWO_AUTHORS = [seen(quoted=True, office=None), seen(quoted=True, office=OFFICES[1]),
               seen(text=TEXTS[1], quoted=True, office=OFFICES[0])]  # fmt: skip
RECOVERED = [("quotation", {"whole": False, "text": WORDS}), ("quotation", {"whole": True, "text": WORDS})]


@example(happened=EDITED)
@example(happened=RECOVERED)
@example(happened=TWO_AUTHORS)
@some(8)
@given(happened=events)
def test_every_answer_is_given_again(room, author, happened):
    replays(room, author, happened)


@pytest.mark.torture
@some(400)
@given(happened=events)
def test_every_answer_of_hundreds_of_histories_is_given_again(room, author, happened):
    replays(room, author, happened)
