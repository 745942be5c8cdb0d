"""A standing query matches a post exactly where a search finds it."""

from hypothesis import example, given
from hypothesis import strategies as st

from alerts.match import Said, Standing, holds
from core.readings import index_words
from db import entries
from db.language import And, Not, Or, Phrase, Prefix, Token
from db.models import Post
from db.query import PostQuery, resolved, selection
from db.then import Now
from tests.db.test_query import QUERIES

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
    """Those that the entry alone cannot tell, such as dates, are left to the search."""
    with small.database.read() as session:
        queries = {n: PostQuery.build(q) for n, (q, _) in enumerate(QUERIES)}
        trees = {n: resolved(session, query, Now(session)) for n, query in queries.items()}
        keys = [row.id for row in small.rows(Post)]
        found = {n: selection(session, query).among(session, keys) for n, query in queries.items()}
        standing, told = Standing(trees), 0
        for entry in entries.present(session, keys):
            said = Said(index_words(entry.text), frozenset(entry.tokens))
            sure, open_ = standing.matches(said)
            timed = {n for n, query in queries.items() if query.since or query.until}
            for n in queries.keys() - timed - set(open_):
                assert (n in sure) == (entry.post_id in found[n]), (QUERIES[n][0], entry.text)
                told += n in sure
            assert all(n in sure or n in open_ for n in timed if entry.post_id in found[n])
    assert told > len(QUERIES)


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
    sure, open_ = Standing({7: tree}, usual).matches(said)
    assert (sure, open_) == ([7] if holds(tree, said) else [], [])
