"""How the posts of one message are laid out."""

from hypothesis import given
from hypothesis import strategies as st

from alerts.digest import digest

NAMES = {"reform": "Security reform", "training": "Training"}


def post(number, *tags, at="2025-08-18T14:30:00Z", first_hand=True):
    """Tags are (topic, probability) or (topic, probability, decision)."""
    return {
        "id": f"file:office.example/{number}",
        "created_at": at,
        "tags": [
            {"topic": topic, "probability": share, "decision": (*rest, "tagged")[0]} for topic, share, *rest in tags
        ],
        "sightings": [{"first_hand": first_hand}],
    }


def ids(*numbers):
    return [f"file:office.example/{number}" for number in numbers]


def told(found):
    return [(part["topic"], [(p["id"].rsplit("/")[-1], len(p["echoes"])) for p in part["posts"]]) for part in found]


def test_a_post_stands_under_its_likeliest_topic_of_those_tagged():
    posts = [post(1, ("reform", 0.7), ("training", 0.9), ("partnership", 0.99, "unsure"))]
    assert digest(posts, [], NAMES) == [
        {"topic": "training", "name": "Training", "posts": [{"id": ids(1)[0], "echoes": []}]}
    ]


def test_topics_with_most_posts_come_first_and_posts_without_one_last():
    posts = [
        post(1),
        post(2),
        post(3),
        post(4, ("training", 0.9)),
        post(5, ("reform", 0.9)),
        post(6, ("reform", 0.6)),
    ]
    found = digest(posts, [], NAMES)
    assert told(found) == [
        ("reform", [("5", 0), ("6", 0)]),
        ("training", [("4", 0)]),
        (None, [("1", 0), ("2", 0), ("3", 0)]),
    ]
    assert [part["name"] for part in found] == ["Security reform", "Training", None]


def test_a_topic_without_a_name_is_called_by_its_slug():
    assert digest([post(1, ("own", 0.9))], [], NAMES)[0]["name"] == "own"


def test_posts_that_say_the_same_stand_once_by_the_one_that_was_first_at_first_hand():
    posts = [
        post(1, ("reform", 0.9), at="2025-08-18T16:00:00Z"),
        post(2, ("training", 0.9), at="2025-08-18T15:00:00Z"),
        post(3, ("reform", 0.9), at="2025-08-18T14:00:00Z", first_hand=False),
    ]
    assert digest(posts, [set(ids(1, 2, 3))], NAMES) == [
        {"topic": "training", "name": "Training", "posts": [{"id": ids(2)[0], "echoes": ids(1, 3)}]}
    ]


def test_echoes_of_a_topic_count_among_its_posts():
    posts = [post(1, ("training", 0.9)), post(2, ("training", 0.9)), post(3, ("reform", 0.9)), post(4)]
    assert told(digest(posts, [ids(1, 2)], NAMES))[0] == ("training", [("1", 1)])


def test_groups_that_share_a_post_are_one_and_ids_of_others_are_passed_over():
    posts = [post(1), post(2), post(3), post(4)]
    assert told(digest(posts, [ids(1, 2), ids(2, 3, 99), ids(98), []], NAMES)) == [(None, [("1", 2), ("4", 0)])]


def test_a_post_that_comes_twice_stands_once():
    assert told(digest([post(1), post(1)], [], NAMES)) == [(None, [("1", 0)])]


def test_no_posts_are_no_digest():
    assert digest([], [ids(1, 2)], NAMES) == []


@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.sampled_from([(), (("reform", 0.8),), (("training", 0.9),)])), max_size=12
    ),
    st.lists(st.sets(st.integers(0, 14), max_size=4), max_size=5),
)
def test_every_post_stands_exactly_once(numbered, groups):
    posts = [post(number, *tags) for number, tags in numbered]
    found = digest(posts, [ids(*sorted(group)) for group in groups], NAMES)
    stands = [one for part in found for p in part["posts"] for one in (p["id"], *p["echoes"])]
    assert sorted(stands) == sorted({p["id"] for p in posts})
    for group in groups:
        held = {
            i for i, part in enumerate(found) for p in part["posts"] if {p["id"], *p["echoes"]} & set(ids(*group))
        }
        assert len(held) <= 1, "those that say the same are together"
