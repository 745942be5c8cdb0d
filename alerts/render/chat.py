"""A message -> a note for a chat channel: short, plain, and inert where Markdown or mentions are read into it."""

import re
from collections.abc import Iterator

from alerts.render.layout import Part, quoted
from alerts.render.message import Entry, Link, Message
from alerts.render.plain import linked
from alerts.words import Words

_JOINER = "\u2060"  # unseen, and breaks a mark from what it would act on
_MARKS = re.compile(
    r"(?<=@)(?=everyone|here|channel|all|room|team)"  # calls to all
    r"|(?<=<)(?=[@#!/?A-Za-z])"  # mentions, HTML
    r"|(?<=\])(?=[(\[:])"  # links under another name
    r"|(?<=`)(?=`)|(?<=~)(?=~)|(?<=\|)(?=\|)|(?<=\*)(?=\*)|(?<=_)(?=_)"  # code, crossed out, hidden, bold
    r"|^(?:> )?(?=\s*(?:\#|[-=]{3}|```))",  # headings, rules
    re.I | re.M,
)


def text(message: Message, parts: list[Part], words: Words) -> str:
    lines = [*_above(message)]
    for part in parts:
        lines += ["", part.heading] if part.heading and part.full else []
        for entry in part.full:
            lines += ["", *_entry(entry, words)]
    rest = sum(len(part.brief) for part in parts)
    lines += ["", words.many("more_posts", rest)] if rest else []
    lines += ["", *map(linked, message.foot)] if message.foot else []
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def inert(said: str) -> str:
    return _MARKS.sub(lambda found: found[0] + _JOINER, said)


def _above(message: Message) -> Iterator[str]:
    yield from (inert(said) for said in (*message.lead, *message.english))
    yield from (inert(f"{name}: {value}") for name, value in message.facts)
    if message.do:
        yield linked(message.do)
    yield from message.after


def _entry(entry: Entry, words: Words) -> Iterator[str]:
    yield inert(entry.by)
    yield from map(inert, quoted(entry, words))
    yield from entry.remarks
    yield from map(_link, entry.via)
    yield from [f"{words.say('why')}:"] * bool(entry.why)
    for why in entry.why:
        said = inert(f"• {why.said}")
        yield f"{said} {why.link.url}" if why.link else said
    yield from map(_link, entry.links)
    yield from [f"{words.say('also')}:"] * bool(entry.echoes)
    for echo in entry.echoes:
        yield from _entry(echo, words)


def _link(link: Link) -> str:
    return f"{inert(link.label)}: {link.url}"
