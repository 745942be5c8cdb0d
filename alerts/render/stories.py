"""A letter's body -> what its message says, by the kind of message."""

from collections.abc import Callable, Mapping
from typing import Any

from alerts.channel import Letter
from alerts.links import Links
from alerts.render import clean, entries
from alerts.render.message import Link, Message, Section
from alerts.words import Words, plain

Data = Mapping[str, Any]
_SUBJECT, _IN_SUBJECT = 120, 70  # characters of a subject, and of an alert's name in it


def story(letter: Letter, links: Links) -> Message:
    data = letter.body["data"]
    return _STORIES[letter.body["type"]](letter, data, links, Words(letter.lang))


def _posts(letter: Letter, data: Data, links: Links, words: Words) -> Message:
    late = bool(data["late"])
    what = words.many("late_posts" if late else "new_posts", len(data["posts"]))
    return Message(
        subject=_of_one(data, words) if len(data["posts"]) == 1 and not late else _titled(data, what, words),
        title=words.say("titled", alert=_name(data), what=what),
        lead=[_late(data, words)] if late else [],
        facts=[_query(data, words)],
        sections=entries.sections(data, words),
        foot=_foot(letter, data, links, words),
    )


def _late(data: Data, words: Words) -> str:
    age = data["alert"].get("max_age")
    return words.say("late_by", age=words.span(age)) if age else words.say("late")


def _test(letter: Letter, data: Data, links: Links, words: Words) -> Message:
    title = words.say("titled", alert=words.say("test"), what=_name(data))
    return Message(
        subject=_subject(title),
        title=title,
        lead=[words.say("test_lead"), *([words.say("test_posts")] if data["posts"] else [])],
        facts=[_query(data, words)],
        sections=entries.sections(data, words),
        foot=_foot(letter, data, links, words),
    )


def _rule(letter: Letter, data: Data, links: Links, words: Words) -> Message:
    rule = letter.body["type"].removeprefix("alert.")
    title = words.say("titled", alert=_name(data), what=words.say(rule))
    found = clean.url(data["search"])
    return Message(
        subject=_titled(data, words.say(rule), words),
        title=title,
        lead=[] if words.lang == "en" else [words.say(f"{rule}_lead"), *_figures(rule, data["figures"], words)],
        english=clean.text(data["explained"]).split("\n"),
        facts=[_query(data, words)],
        do=Link(words.say("see_all"), found) if found else None,
        sections=[Section(words.say("newest"), s.entries) for s in entries.sections(data, words)],
        foot=_foot(letter, data, links, words),
    )


def _figures(rule: str, figures: Mapping[str, Any], words: Words) -> list[str]:
    """What counts, in the reader's language; the rest is in the English sentences."""
    posts = words.many("posts", figures["posts"]) if "posts" in figures else ""
    match figures:
        case {"within": within, "more_than": limit}:
            return [words.say(f"{rule}_figures", posts=posts, span=words.span(within), limit=str(limit))]
        case {"usual": usual, "least": least, "most": most}:
            return [
                words.say(
                    f"{rule}_figures", posts=posts, usual=words.number(usual), least=str(least), most=str(most)
                )
            ]
        case {"silent_seconds": silent, "longest_seconds": longest}:
            return [words.say(f"{rule}_figures", span=words.lasting(silent), longest=words.lasting(longest))]
    return []


def _confirm(letter: Letter, data: Data, links: Links, words: Words) -> Message:
    """The settings are not for somebody who is no subscriber yet."""
    title = words.say("confirm", alert=_name(data))
    asked = clean.url(letter.confirm)
    return Message(
        subject=_subject(words.say("confirm", alert=_name(data, _IN_SUBJECT))),
        title=title,
        lead=[words.say("confirm_lead")],
        facts=[
            (words.say("alert"), words.apart(_name(data))),
            _query(data, words),
            (words.say("cadence"), words.cadence(data["alert"]["cadence"])),
        ],
        do=Link(words.say("confirm_do"), asked) if asked else None,
        after=[words.say("confirm_nothing"), words.say("confirm_ignore")],
        foot=[],
    )


def _paused(letter: Letter, data: Data, links: Links, words: Words) -> Message:
    channel = clean.line(f"{data['channel']['kind']} {data['channel']['shown']}")
    short = words.say("paused", channel=clean.shortened(channel, 40))
    answer = clean.line(data["answer"], 500)
    return Message(
        subject=_titled(data, short, words),
        title=words.say("titled", alert=_name(data), what=words.say("paused", channel=channel)),
        lead=[words.say("paused_lead"), words.say("paused_do")],
        facts=[
            (words.say("channel"), words.apart(channel)),
            (words.say("failing_since"), words.moment(data["failing_since"])),
            (words.say("last_answer"), words.apart(answer) if answer else words.say("no_answer")),
        ],
        foot=_foot(letter, data, links, words),
    )


_STORIES: dict[str, Callable[[Letter, Data, Links, Words], Message]] = {
    "alert.matched": _posts,
    "alert.test": _test,
    "alert.more_than": _rule,
    "alert.unusual": _rule,
    "alert.silence": _rule,
    "subscription.confirm": _confirm,
    "channel.paused": _paused,
}


# -- parts --------------------------------------------------------------------------------------------------


def _name(data: Data, limit: int | None = None) -> str:
    return clean.line(data["alert"]["name"], limit)


def _subject(said: str) -> str:
    return clean.line(plain(said), _SUBJECT)


def _titled(data: Data, what: str, words: Words) -> str:
    """The name is cut first: what happened must be read."""
    return _subject(words.say("titled", alert=_name(data, _IN_SUBJECT), what=what))


def _of_one(data: Data, words: Words) -> str:
    """Who, on which topic, and the alert."""
    (post,) = data["posts"]
    account = post["account"] or {}
    who = clean.line(account.get("name") or account.get("handle"), 50) or words.say("unknown_author")
    topics = [clean.line(part["name"], 40) for part in data.get("digest") or [] if part["topic"]]
    return _subject(" · ".join([who, *topics[:1], _name(data, _IN_SUBJECT)]))


def _query(data: Data, words: Words) -> tuple[str, str]:
    query = clean.line(data["alert"]["query"], 500)
    return words.say("query"), words.apart(query) if query else words.say("every_post")


def _foot(letter: Letter, data: Data, links: Links, words: Words) -> list[Link]:
    settings = clean.url(data["alert"].get("url")) or links.alert(data["alert"]["id"])
    leave = clean.url(letter.unsubscribe)
    return [Link(words.say("settings"), settings)] + ([Link(words.say("unsubscribe"), leave)] if leave else [])
