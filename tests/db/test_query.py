"""The query language finds what it says, on both databases alike, and explains what it cannot read."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.errors import BadRequest, QueryError
from core.post import Account, Media, View
from core.readings import index_words
from core.text import words
from db import keys, language, posts
from db.language import And, Field, Not, Or, Phrase, Prefix
from db.query import KEY_BITS, PostQuery, selection
from tests.conftest import NOW
from tests.db.conftest import OFFICE, TOPICS, Score, post, snowflake

START = NOW - timedelta(days=30)
MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def small(room):
    """Eight posts in four languages."""
    room.topics()
    room.archive(
        post(1, "Advisors discuss the reform of the Peshmerga #KeyLeaderEngagement", lang="en"),
        post(2, "Peshmerga training: a graduation", lang="en", media=(Media("image", "https://m.example/p"),)),
        post(3, "کۆبوونەوە لەسەر چاکسازی هێزەکانی پێشمەرگە", lang="ckb", kind="release"),
        post(4, "اجتماع حول إصلاح قوات البيشمركة", lang="ar", links=("https://a.example",)),
        post(
            5, "Civîneke li ser reforma hêzên pêşmerge", lang="kmr", account=Account("mastodon", "other@m.example")
        ),
    )
    room.archive(
        post(6, "Partner forces unify", platform="x", platform_id=snowflake(START), account=OFFICE, url=None,
             lang="en", created_at=START, view=View.QUOTE, embedded_in="https://news.example/1"),
        post(7, "re-reform & re-training 100%", lang="en", synthetic=False),
        post(8, "", lang=None, account=None),
        source="two",
    )  # fmt: skip
    room.archive(post(7, "re-reform and re-training 100%", lang="en", synthetic=False), source="two")
    return room


def numbers(found):
    return sorted(6 if i.startswith("x:") else int(i.rpartition("/")[2]) for i in found)


QUERIES = [
        ("", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("peshmerga", [1, 2]),
        ("PESHMERGA reform", [1]),
        ("reform peshmerga", [1]),
        ('"the reform"', [1]),
        ('"reform the"', []),
        ('"key leader engagement"', [1]),
        ("#KeyLeaderEngagement", [1]),
        ("reform OR training", [1, 2, 7]),
        ("peshmerga (reform OR training)", [1, 2]),
        ("reform OR training graduation", [1, 2, 7]),
        ("-reform -training", [3, 4, 5, 6, 8]),
        ("peshmerga -training", [1]),
        ("--reform", [1, 7]),
        ("-(reform OR training)", [3, 4, 5, 6, 8]),
        ("peshmerga OR -lang:en", [1, 2, 3, 4, 5, 8]),
        ("reform*", [1, 5, 7]),
        ('re-reform', [7]),
        ("re-ref*", [7]),
        ("pêşmerge", [5]),
        ("pesmerge", [5]),
        ("پێشمەرگە", [3]),
        ("پيشمه‌رگه", [3]),
        ("اصلاح", [4]),
        ("إصلاح البيشمركه", [4]),
        ("١٠٠", [7]),
        ("& reform", [1, 7]),
        ("🇮🇶 reform", [1, 7]),
        ("from:@OFFICE", [6]),
        ("from:office@m.example reform", [1, 7]),
        ("from:nobody", []),
        ("-from:nobody reform", [1, 7]),
        ("from:nobody OR graduation", [2]),
        ("platform:x", [6]),
        ("platform:nothing", []),
        ("lang:ckb OR lang:kmr", [3, 5]),
        ("lang:EN -platform:x", [1, 2, 7]),
        ("kind:release", [3]),
        ("kind:Post lang:ar", [4]),
        ("has:media OR has:link", [2, 4]),
        ("is:edited", [7]),
        ("is:deleted", []),
        ("is:second_hand", [6]),
        ("is:synthetic -lang:en", [3, 4, 5, 8]),
        ("source:two", [6, 7, 8]),
        ("-source:one", [6, 7, 8]),
        (f"since:{(START + timedelta(minutes=4)).isoformat()[:19]}Z", [4, 5, 7, 8]),
        (f"until:{(START + timedelta(minutes=2)).isoformat()[:19]}Z", [1, 6]),
        (f"reform until:{(START + timedelta(minutes=2)).isoformat()[:19]}Z", [1]),
        (f"-since:{(START + timedelta(minutes=2)).isoformat()[:19]}Z", [1, 6]),
        ("graduation OR since:2030-01-01", [2]),
        ("until:9999-12-31T23:59:59Z since:0001-01-01", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("topic:reform", []),
        ('from:"office@m.example" graduation', [2]),
        ("x" * 2000, []),
        ("ی" * 1999 + "*", []),
        ("lang:" + "ی" * 1990, []),
        ("(" * 40 + "graduation" + ")" * 40, [2]),
        ("graduation OR " * 100 + "unify", [2, 6]),
        ("peshmerga " * 190, [1, 2]),
        # as people write in other searches
        ("peshmerga AND reform", [1]),
        ("peshmerga NOT training", [1]),
        ("peshmerga AND NOT training", [1]),
        ("NOT (reform OR training)", [3, 4, 5, 6, 8]),
        ("peshmerga and reform", []),
        ("reform or training", []),
        ("“key leader engagement”", [1]),
        ("«key leader» engagement", [1]),
        ("lang：ckb", [3]),
        ("peshmerga –training", [1]),
        ("Peshmerga - reform", [1]),
        ("إصلاح؟", [4]),
        ("اجتماع، البيشمركة", [4]),
        ("\u200fplatform:x\u200e", [6]),
        ("lang:ckb,kmr", [3, 5]),
        ("lang:ckb|kmr|ar", [3, 4, 5]),
        ("has:media|link", [2, 4]),
        ("-has:media,link lang:en", [1, 6, 7]),
        ("platform:x, lang:en.", [6]),
        ("from:@OFFICE,other@m.example", [5, 6]),
        ('"topic:reform peshmerga"', []),
        ('"key lead*"', [1]),
        ("engage*", [1]),
        ("since:2026-08", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("until:2026", []),
        ("since:٢٠٢٦-٠٨-٠١ until:2026-08-03 graduation", [2]),
        ("from:\u200f@OFFICE", [6]),
        ("from\u200f:\u200f@OFFICE\u202c", [6]),
        ("\u2067from:\u202a@OFF\u200eICE\u202c\u2069", [6]),
        ("fr\u200com:@OFFICE\ufeff", [6]),
        ("lang:ckb\u200c,\u061ckmr\u200d", [3, 5]),
        ("\u200f-\u200freform -tra\u00adining lang:\u200een", [6]),
        ("since:2026-08-02 12:02 until:2026-08-02 12:03", [2]),
        ('since:"2026-08-02 12:02" until:2026-08-02 12.03', [2]),
        ("since:2026-08-02 12:02 graduation", [2]),
        ("since:2026-08-02 12.500", []),
        ("since:2026-08-02 100%", [7]),
        ("since:2026-08-02 3:02pm until:2026-08-02 03:03 PM Z", []),
        ("since:2026-08-02 12:02 PM until:2026-08-02 12:03pm", [2]),
        ("since:2026-08-02T15:02 +03:00 until:2026-08-02 12:03:00 UTC", [2]),
        ("since:2026-08-02T15:02+03:00 until:2026-08-02T12:03Z", [2]),
]  # fmt: skip


def test_queries_find_what_they_say(small):
    assert {q: numbers(small.ids(q)) for q, _ in QUERIES} == dict(QUERIES)


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("topic:reform", [2]),
        ("topic:training", []),
        ("topic:training>0.3", [2]),
        ("topic:training>=0.4 topic:training<0.5", [2]),
        ("topic:reform>0.95", []),
        ("-topic:reform", [1, 3]),
        ("-topic:reform>0.5", [1, 3]),
        ('topic:"reform">0.5', [2]),
        ('topic:"reform" >= 0.5', [2]),
        ("topic:reform > 0.5", [2]),
        ("topic:reform >0.5 -topic:training >0,5", [2]),
        ("topic:reform> 0.95", []),
        ("topic:reform>0,95", []),
        ("topic:reform>0,5,training", [2]),
        ("topic:training>0,5,training<0,3", []),
        ("(topic:reform < ۰٫۹۵)", [2]),
        ("topic:reform>٠،٥", [2]),
        ("is:unsure", [2]),
        ("is:kle", []),
    ],
)
def test_topics_are_found_by_decision_and_by_probability(room, q, found):
    room.topics()
    room.archive(post(2))
    room.tag(
        Score("reform"),
        Score("training", 0.4, decision="unsure"),
        Score("key_leader_engagement", 0.1, decision="not"),
    )
    room.archive(post(1), post(3))
    room.tag()
    assert numbers(room.ids(q)) == found


def test_the_filters_of_the_url_mean_the_same_as_those_of_the_query(small):
    for name, field, value in [("account", "from", "@office"), ("platform", "platform", "x"),
                               ("lang", "lang", "ckb"), ("kind", "kind", "release"),
                               ("topics", "topic", "reform")]:  # fmt: skip
        given = {name: [value] if name == "topics" else value}
        assert small.ids("", **given) == small.ids(f"{field}:{value}")
    assert numbers(small.ids("reform", lang="en", until="2026-08-02T12:02:00Z")) == [1]


UNREADABLE = [
        ("(reform", 7, ")"),
        ("reform)", 6, "the end of the query"),
        ("reform OR", 9, "a word"),
        ("OR reform", 0, "a word"),
        ("a OR OR b", 5, "a word"),
        ('the "new reform', 4, 'a closing "'),
        ("()", 1, "a word"),
        ("&&&", 0, "a word"),
        ('""', 0, "a word"),
        ("colour:red", 0, "topic"),
        ("reform topic:colour", 13, "reform"),
        ("reform topic:", 13, "a value"),
        ("topic:colour>0.5", 6, "training"),
        ("topic:reform>1.2.3", 13, "0.9"),
        ("kind:tweet", 5, "release"),
        ("is:new", 3, "edited"),
        ("has:engagement", 0, "has:media"),
        ("near:Erbil", 0, "from"),
        ("source:three", 7, "one"),
        ("actor:nobody", 6, None),
        ("since:yesterday", 6, "a date such as 2025-07-01"),
        ("a " * 999 + "until:x", 2000, None),
        ("(" * 51 + "a" + ")" * 51, 50, "fewer parentheses"),
        ("-" * 51 + "a", 0, "fewer parentheses"),
        ("NOT " * 51 + "a", 0, "fewer parentheses"),
        ("AND reform", 0, "a word"),
        ("reform AND", 10, "a word"),
        ("reform NOT", 10, "a word"),
        ("reform AND OR b", 11, "a word"),
        ("(a OR) b", 5, "a word"),
        ("a (b", 4, ")"),
        ("a () b", 3, "a word"),
        ("reform -", 7, "a word"),
        ("(reform -) b", 8, "a word"),
        ("🇮🇶 إصلاح topic:colour", 15, "reform"),
        ("🤝 “new reform", 2, 'a closing "'),
        ("“reform” form:x", 9, "from"),
        ("topic: reform", 6, "a value"),
        ('topic:""', 6, "a value"),
        ("topic:reform,colour", 13, "reform"),
        ('topic:"colour"', 7, "reform"),
        ("topic:trainign", 6, "training"),
        ("topic:reform>2", 13, "0.9"),
        ("topic:reform>=-1", 14, "0.9"),
        ("topic:reform>", 13, "0.9"),
        ("topic:reform>nan", 13, "0.9"),
        ("topic:reform > ", 14, "0.9"),
        ("topic:reform > soon", 15, "0.9"),
        ("topic:reform>1,5", 13, "0.9"),
        ('topic:"reform" > 2', 17, "0.9"),
        ('topic:"colour">0.5', 7, "reform"),
        ("\u200ftopic:\u200fre\u200fform\u200f > \u200f2", 20, "0.9"),
        ("reform >0.5", 7, "topic:reform>0.9"),
        (">= reform <=72,000", 10, "topic:reform>0.9"),
        ("lang:ckb >0.5", 9, "topic:reform>0.9"),
        ("since:2025-07-01>0.5", 16, "topic:reform>0.9"),
        ("since:2025-07-01 25:00", 6, "a date such as 2025-07-01"),
        ("reform until:2025-07-01 13 pm", 13, "a date such as 2025-07-01"),
        ("since:2025-07-01 12h", 6, "a date such as 2025-07-01"),
        ("since:2025-07-01 25.30", 6, "a date such as 2025-07-01"),
        ("since:2025 12:00", 6, "a date such as 2025-07-01"),
        ("\u200fsince:\u200f2025-13-01", 8, "a date such as 2025-07-01"),
        ("\u2067🤝\u2069 \u200f(reform\u200f", 13, ")"),
        ("\u202bcolour\u202c:red\u200f", 1, "topic"),
        ("is:edited is:kel", 13, "kle"),
        ("since:2025-13-01", 6, "a date such as 2025-07-01"),
        ("reform since:2025-02-30", 13, "a date such as 2025-07-01"),
        ("-until:soon", 7, "a date such as 2025-07-01"),
        ("since:2025-01-01,2025-02-01", 17, "since:2025-01-01"),
        ("min_likes:many", 10, "10"),
        ("min_likes:99999999999999999999", 10, "10"),
        ("topic:reform=0.5", 12, ">="),
        ("from:@", 5, "from:@CJTFOIR"),
        ("*reform", 0, "reform*"),
        ("a re*orm", 4, "reform*"),
        ("https://t.co/AbC123", 0, "a word"),
]  # fmt: skip


def test_what_cannot_be_read_says_where_and_what_was_expected(small):
    for q, position, expected in UNREADABLE:
        with pytest.raises(QueryError) as told:
            small.ids(q)
        assert told.value.position == position, q
        assert expected is None or expected in told.value.expected, q
        assert told.value.status == 422


@pytest.mark.parametrize(
    ("q", "says"),
    [
        ("form:@CJTFOIR", "did you mean from?"),
        ("Colour:red", "quotes make it words"),
        ("topic:refrom", "did you mean reform?"),
        ("(reform", "a parenthesis is not closed"),
        ("reform)", "no parenthesis is open here"),
        ("()", "nothing stands between the parentheses"),
        ("reform -", "a minus stands right before a word"),
        ("OR reform", "OR stands between two words"),
        ("topic:reform > soon", "'soon' is no number from 0 to 1"),
        (">0.5", "compared with nothing"),
        ("from:office > 5", "how likely a topic is"),
    ],
)
def test_what_is_wrong_is_said_in_words(small, q, says):
    with pytest.raises(QueryError) as told:
        small.ids(q)
    assert says in told.value.message


def test_the_nearest_names_come_first_and_none_is_missing(small):
    with pytest.raises(QueryError) as told:
        small.ids("topic:trainings")
    assert told.value.expected[0] == "training" and sorted(told.value.expected) == sorted(TOPICS)


@pytest.mark.parametrize(
    ("given", "parameter"),
    [({"topics": ["colour"]}, "topic"), ({"kind": "tweet"}, "kind"), ({"actor": "nobody"}, "actor"),
     ({"account": 'a"b'}, "account"), ({"topics": ["reform>2"]}, "topic")],
)  # fmt: skip
def test_a_filter_of_the_url_is_named_and_has_no_place_in_the_query(small, given, parameter):
    with pytest.raises(BadRequest) as told:
        small.ids("reform", **given)
    assert not isinstance(told.value, QueryError) and told.value.extra["parameter"] == parameter


@pytest.mark.parametrize(
    ("wrong", "parameter"),
    [({"since": "soon"}, "since"), ({"until": "2025-02-30"}, "until"), ({"as_of": "2025-13-01"}, "as_of")],
)
def test_a_wrong_filter_names_its_parameter(wrong, parameter):
    with pytest.raises(BadRequest) as told:
        PostQuery.build(**wrong)
    assert told.value.extra["parameter"] == parameter


SYNTAX = (
    """ " ( ) - * : OR AND NOT NEAR a reform topic: from: since: is: ^ + { } ' \\ | ! & <-> % ی 0.5 > body ;-- """
)
PIECES = st.sampled_from([*SYNTAX.split(), " ", "\x00", "\ud800", "\ue000", "\ue000all:1"])
AWKWARD = ("“", "”", "«", "：", "–", "،", "؟", "\u200f", "🇮🇶", "U.S.", "72,000", "O'Brien", "has:media|link", "x,y",
           "is:edited,deleted", "since:2026-08", "re*", "*re", "72 000", "72.000", " 000", "\u200c",
           "topic:reform > ", " >= ", "since:2026-08-01 12:00", " pm", '"')  # fmt: skip
PIECES |= st.sampled_from(AWKWARD)
NOISE = (
    st.lists(PIECES, max_size=25).map("".join) | st.lists(PIECES, max_size=25).map(" ".join) | st.text(max_size=40)
)


@MANY
@example("-" * 1999 + "a")
@example("(a OR " * 300)
@example('"' * 1999)
@example("a* " * 600)
@example("\x00" * 10)
@given(noise=NOISE)
def test_no_input_gives_anything_but_matches_or_a_query_error(small, noise):
    try:
        query = PostQuery.build(noise)
        with small.database.read() as session:
            found = [p["id"] for p in posts.page(session, query).items]
        assert small.ids(query.written()) == found
    except QueryError as told:
        assert 0 <= told.position <= len(noise)
        assert told.message


@MANY
@given(value=st.text(min_size=1, max_size=20))
def test_no_filter_value_breaks_anything(small, value):
    for name in ("account", "actor", "platform", "lang", "kind", "since", "until"):
        try:
            small.ids("", **{name: value})
        except BadRequest:
            continue


# -- against a plain filter in memory -----------------------------------------------------------------------

VOCABULARY = (
    "reform",
    "training",
    "peshmerga",
    "reforming",
    "پێشمەرگە",
    "پيشمه رگه",
    "pêşmerge",
    "ab",
    "a-b",
    "12",
    "Erbil’de",
    "#KeyLeader",
    "@Office_B",
    "برنامه‌ها",
    "72.000",
    "72 000",
    "Ph.D.",
)
LANGS, PLATFORMS = ("en", "ckb", None), ("mastodon", "bluesky")
word = st.sampled_from(VOCABULARY)
corpus = st.lists(
    st.tuples(st.lists(word, max_size=5).map(" ".join), st.sampled_from(LANGS), st.sampled_from(PLATFORMS),
              st.integers(0, 3)),
    min_size=1, max_size=12,
)  # fmt: skip
leaf = (
    word
    | word.map(lambda w: w[:3].strip() + "*")
    | st.tuples(word, word).map('"{0[0]} {0[1]}"'.format)
    | st.sampled_from(["lang:en", "lang:ckb", "platform:bluesky", "from:office", "kind:post", "is:edited"])
    | st.integers(0, 4).map(lambda d: f"since:{(START + timedelta(days=d)).date()}")
    | st.integers(0, 4).map(lambda d: f"until:{(START + timedelta(days=d)).date()}")
)
trees = st.recursive(
    leaf,
    lambda inner: (
        st.tuples(inner, inner).map("({0[0]} {0[1]})".format)
        | st.tuples(inner, inner).map("({0[0]} OR {0[1]})".format)
        | inner.map("-({})".format)
    ),
    max_leaves=6,
)


def holds(tree, text, lang, platform, day):
    """The meaning of a query in a dozen plain lines."""
    said = index_words(text)
    match tree:
        case And(parts):
            return all(holds(p, text, lang, platform, day) for p in parts)
        case Or(parts):
            return any(holds(p, text, lang, platform, day) for p in parts)
        case Not(part):
            return not holds(part, text, lang, platform, day)
        case Phrase(found):
            return any(tuple(said[i : i + len(found)]) == found for i in range(len(said)))
        case Prefix(found):
            spans = [said[i : i + len(found)] for i in range(len(said) - len(found) + 1)]
            return any(tuple(s[:-1]) == found[:-1] and s[-1].startswith(found[-1]) for s in spans)
        case Field("lang", value):
            return lang == value
        case Field("platform", value):
            return platform == value
        case Field("since", value):
            return (START + timedelta(days=day)).date().isoformat() >= value
        case Field("until", value):
            return (START + timedelta(days=day)).date().isoformat() < value
        case Field("from" | "kind", value):
            return True
        case Field("is", "edited"):
            return False
    raise AssertionError(tree)


@MANY
@given(made=corpus, queries=st.lists(trees, min_size=4, max_size=8))
def test_any_query_finds_what_a_plain_filter_finds(room, made, queries):
    room.tick()
    generation = f"g{room.now.timestamp():.0f}"
    seen = [
        post(n, text, platform_id=f"{generation}/{n}", platform=platform, lang=lang or "xx", url=None,
             account=Account(platform, "office"), created_at=START + timedelta(days=day, seconds=n))
        for n, (text, lang, platform, day) in enumerate(made)
    ]  # fmt: skip
    room.archive(*seen, source=generation)
    for q in queries:
        tree = language.parse(q)
        wanted = {s.id for s, (text, lang, platform, day) in zip(seen, made, strict=True)
                  if holds(tree, text, lang, platform, day)}  # fmt: skip
        assert set(room.ids(f"source:{generation} ({q})")) == wanted, q


# -- plans --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"q": "meeting"},
        {"q": "meeting lang:en platform:mastodon"},
        {"q": "meeting", "since": "2026-08-01"},
        {"q": "meeting", "until": "2026-08-20"},
        {"q": "from:office@m.example"},
        {"q": "-meeting"},
        {"since": "2026-08-01", "until": "2026-08-20"},
    ],
)
@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_a_first_page_needs_no_sorting(room, more, sort):
    room.archive(*(post(n, f"A meeting number {n}", lang="en") for n in range(300)))
    with room.database.read() as session:
        found = selection(session, PostQuery.build(**more))
        statement = posts._ordered(found, sort, None, 51)
        compiled = statement.compile(session.get_bind(), compile_kwargs={"render_postcompile": True})
        plan = session.connection().exec_driver_sql(
            f"EXPLAIN QUERY PLAN {compiled}", tuple(compiled.params[n] for n in compiled.positiontup)
        )
        steps = [row[3] for row in plan]
    assert steps and not any("TEMP B-TREE" in s for s in steps), steps


def test_a_query_can_be_written_with_its_filters_and_bounds(small):
    asked = PostQuery.build("reform OR (re-ref* -training) since:2026-08-01", topics=["reform"], account="@office",
                            lang="en", since="2026-07-01", until="2026-09-01T12:00+03:00")  # fmt: skip
    assert asked.written() == (
        '(reform OR ("re ref*" -training since:2026-08-01)) from:@office lang:en topic:reform'
        " since:2026-07-01T00:00:00Z until:2026-09-01T09:00:00Z"
    )
    again = PostQuery.build(asked.written())
    assert (again.written(), again.since, again.until) == (asked.written(), asked.since, asked.until)
    assert PostQuery.build("").written() == ""
    assert PostQuery.build("-has:media|link topic:a OR topic:b").written() == "(-has:media,link topic:a) OR topic:b"
    assert PostQuery.build("from:a until:2026-09-01", since="2026-08-01", actor="the office").written() == (
        'from:a actor:"the office" since:2026-08-01T00:00:00Z until:2026-09-01T00:00:00Z'
    )


@pytest.mark.parametrize(
    ("q", "beside", "said"),
    [
        ('"a `tick` <b>" OR reform', {}, '"a `tick` <b>" OR reform'),
        ("since:2025-01-01", {"lang": "en"}, "since:2025-01-01 lang:en"),
        ("Reform OR U.S.", {"topics": ["reform"]}, "(Reform OR U.S.) topic:reform"),
        ("", {"actor": "the office", "since": "2026-07-01 12:00"}, 'actor:"the office" since:"2026-07-01 12:00"'),
        ("reform", {"since": "2026-07-01", "until": "2026-08"}, "reform since:2026-07-01 until:2026-08"),
    ],
)
def test_what_was_asked_keeps_the_words_as_they_were_typed(q, beside, said):
    asked = PostQuery.build(q, **beside)
    assert asked.asked() == said
    again = PostQuery.build(said)
    assert (again.written(), again.since, again.until) == (asked.written(), asked.since, asked.until)


@MANY
@given(q=trees)
def test_a_written_query_is_read_as_the_same_tree(q):
    tree = language.parse(q)
    assert language.parse(language.write(tree)) == tree


def test_words_of_a_query_fold_as_words_of_a_text():
    assert language.parse("ÇEKDAR") == Phrase(tuple(words("cekdar")))


def test_the_words_that_speak_for_a_post_are_those_that_are_wanted():
    tree = language.parse('reform "key leader" OR (train* -exercise) from:@CJTFOIR reform')
    assert language.wanted(tree) == (Phrase(("reform",)), Phrase(("key", "leader")), Prefix(("train",)))
    assert language.wanted(language.parse("-reform topic:reform")) == ()


def test_a_range_is_exact_where_keys_run_ahead_of_their_times(room, monkeypatch):
    """Ten minutes that are full: posts of their first seconds stand behind them."""
    second = int(START.timestamp())
    full = range(second, second + 600)

    def tops(session, seconds):
        return {s: (s + 1 << KEY_BITS) - 1 if s in full else None for s in seconds}

    monkeypatch.setattr(keys, "_tops", tops)
    monkeypatch.setattr(keys, "_in_use", lambda session, wanted: list(wanted))
    moments = [START + timedelta(seconds=offset) for offset in (0, 1, 1.5, 660)]
    room.archive(*(post(n, created_at=moment) for n, moment in enumerate(moments)))
    bounds = [START + timedelta(seconds=offset) for offset in (-1, 0, 0.5, 1, 1.2, 1.5, 2, 600, 601, 660, 661)]
    for bound in bounds:
        later = [n for n, moment in enumerate(moments) if moment >= bound]
        assert numbers(room.ids(f"meeting since:{bound.isoformat()}")) == later, bound
        earlier = [n for n in range(len(moments)) if n not in later]
        assert numbers(room.ids(f"meeting until:{bound.isoformat()}")) == earlier, bound
