"""How the posts of one message are laid out: by topic, those that say the same told once."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from core import times

Post = Mapping[str, Any]


def digest(
    posts: Sequence[Post], echo_groups: Sequence[Collection[str]], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """`data.digest` of a message's body. `echo_groups` are sets of ids of posts that say the same; ids of others
    are passed over. A post is under its likeliest topic among those tagged, topics with most posts first, those
    without one last; `names` has the topics' names.

    Within a topic the order is that of `posts`. Of posts that say the same the one that was published first and
    seen first hand stands for all.
    """
    groups = _groups(posts, echo_groups)
    topics = {group[0]["id"]: _topic(group[0]) for group in groups}
    sizes = Counter[str | None]()
    for group in groups:
        sizes[topics[group[0]["id"]]] += len(group)
    order = sorted(sizes, key=lambda topic: (topic is None, -sizes[topic], topic or ""))
    return [
        {
            "topic": topic,
            "name": None if topic is None else names.get(topic, topic),
            "posts": [_told(group) for group in groups if topics[group[0]["id"]] == topic],
        }
        for topic in order
    ]


def _told(group: Sequence[Post]) -> dict[str, Any]:
    return {"id": group[0]["id"], "echoes": [post["id"] for post in group[1:]]}


def _groups(posts: Sequence[Post], echo_groups: Sequence[Collection[str]]) -> list[list[Post]]:
    """Each post in one group, who stands for it first; groups in the order in which their posts come."""
    place = {post["id"]: number for number, post in enumerate(posts)}
    joined = _joined(place, echo_groups)
    by_root: dict[str, list[Post]] = {}
    for post in posts:
        if place.pop(post["id"], None) is not None:  # one that comes twice counts once
            by_root.setdefault(joined[post["id"]], []).append(post)
    return [sorted(group, key=_standing) for group in by_root.values()]


def _joined(ids: Collection[str], echo_groups: Sequence[Collection[str]]) -> dict[str, str]:
    """Of each id one id that is the same for all that say the same: groups with a post in common are one."""
    parent = {one: one for one in ids}

    def root(one: str) -> str:
        while parent[one] != one:
            parent[one] = one = parent[parent[one]]
        return one

    for group in echo_groups:
        first, *rest = sorted(one for one in group if one in parent) or [""]
        for one in rest:
            parent[root(one)] = root(first)
    return {one: root(one) for one in ids}


def _standing(post: Post) -> tuple[bool, Any, str]:
    second_hand = not any(seen["first_hand"] for seen in post["sightings"])
    return second_hand, times.parse(post["created_at"]), post["id"]


def _topic(post: Post) -> str | None:
    tagged = [tag for tag in post["tags"] if tag["decision"] == "tagged"]
    best = min(tagged, key=lambda tag: (-tag["probability"], tag["topic"]), default=None)
    return best["topic"] if best else None
