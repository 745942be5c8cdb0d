"""A standing query matches a post exactly where a search finds it."""

import operator

from hypothesis import example, given
from hypothesis import strategies as st

from alerts.match import Said, Standing, holds
from alerts.standing import Alert, Book
from core.alert import MAX_AGE
from core.cadence import Cadence, When
from core.readings import index_words
from db import coming, entries
from db.awaited import Counted, Scored
from db.language import And, Condition, Not, Or, Phrase, Prefix, Token
from db.models import Post
from db.query import PostQuery, resolved, selection
from db.then import Coming
from tests.db.conftest import Score, post
from tests.db.test_query import QUERIES

MORE = (
    "-min_likes:2 reform", "reform OR min_likes:3", "topic:reform<0.95", "-topic:reform>0.5", "topic:training<=0.5",
    "reform OR since:2025-08-02", "-since:2025-08-02 reform", "training (until:2025-08-02 OR topic:reform>=0.9)",
)  # fmt: skip
WORDS = ("reform", "reforms", "re", "talks", "erbil", "hewler")
phrases = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(tuple)
leaves = st.one_of(
    phrases.map(Phrase), phrases.map(Prefix), st.sampled_from(("a", "b")).map(lambda v: Token(f"\ue000topic:{v}"))
)
trees = st.recursive(
    leaves,
    lambda part: st.one_of(
        part.map(Not),
        st.lists(part, min_size=2, max_size=3).map(tuple).map(And),
        st.lists(part, min_size=2, max_size=3).map(tuple).map(Or),
    ),
    max_leaves=8,
)
texts = st.lists(st.sampled_from((*WORDS, "#ReformTalks", "Erbil’de", ".")), max_size=8).map(" ".join)


def test_they_match_what_a_search_finds(small):
    """Whatever is asked for: words, filters, probabilities, counts and times."""
    small.archive(
        post(9, "Reform, counted", metrics={"likes": 2}), post(10, "Training, counted", metrics={"likes": 3})
    )
    small.tag(Score("reform", 0.9), Score("training", 0.4, decision="not"), limit=4)
    small.tag(Score("reform", 0.3, decision="not"), Score("training", 0.6))
    queries = {n: PostQuery.build(q) for n, q in enumerate([*(q for q, _ in QUERIES), *MORE])}
    with small.database.read() as session:
        trees = {n: resolved(session, query, Coming(session)) for n, query in queries.items()}
        keys = [row.id for row in small.rows(Post)]
        found = {n: selection(session, query).among(session, keys) for n, query in queries.items()}
        alerts = {n: Alert(n, query, When(Cadence("at_once")), False, MAX_AGE, ()) for n, query in queries.items()}
        book, told = Book(alerts, Standing(trees)), 0
        for one in coming.posts(session, keys, tagging=False):
            matching = {alert.id for alert in book.matching(one)}
            for n, query in queries.items():
                assert (n in matching) == (one.id in found[n]), (query.written(), one)
            told += len(matching)
    assert told > len(queries)


def test_what_is_not_known_of_a_post_is_neither_so_nor_otherwise():
    counted = Condition(Counted("likes", 10))
    scored = Condition(Scored("reform", operator.gt, 0.5, rising=True))
    waiting = Said((), frozenset({entries.EVERY}), pending=True)
    for asked in (counted, scored):
        for tree in (asked, Not(asked)):
            assert holds(tree, waiting) is None and Standing({1: tree}).matches(waiting) == []
    read = Said((), frozenset({entries.EVERY}), scores={"reform": [0.4]}, counts={"likes": 10})
    assert Standing({1: counted, 2: scored, 3: Not(counted), 4: Not(scored)}).matches(read) == [1, 4]


@given(bound=st.floats(0, 1), score=st.floats(0, 1), least=st.integers(0, 10**18), count=st.integers(0, 10**18))
@example(bound=0.3, score=0.3, least=10, count=10)
def test_no_probability_and_no_count_is_lost_between_the_steps_by_which_they_are_found(bound, score, least, count):
    scored = {
        n: Condition(Scored("a", test, bound, rising=True)) for n, test in enumerate((operator.gt, operator.ge))
    }
    said = Said((), frozenset(), scores={"a": [score]}, counts={"likes": count})
    standing = Standing({**scored, 2: Condition(Counted("likes", least))})
    assert standing.matches(said) == [
        n for n, so in enumerate((score > bound, score >= bound, count >= least)) if so
    ]


@given(
    tree=trees,
    text=texts,
    topics=st.sets(st.sampled_from(("a", "b"))),
    usual=st.dictionaries(st.sampled_from(WORDS), st.integers(0, 99)),
)
@example(tree=Or((Phrase(("reform",)), Not(Phrase(("talks",))))), text="", topics=set(), usual={})
def test_no_match_is_lost_whatever_is_rare(tree, text, topics, usual):
    """The inverted index leaves out only what does not hold."""
    tokens = frozenset({entries.EVERY, *(f"\ue000topic:{topic}" for topic in topics)})
    said = Said(index_words(text), tokens)
    assert Standing({7: tree}, usual).matches(said) == ([7] if holds(tree, said) else [])
