"""A message -> the text part of a mail.

Addresses stand last on their lines, without isolates: programs that make links of them would take those along.
"""

import re
from collections.abc import Iterator

from alerts.render.layout import Part, line, quoted
from alerts.render.message import Entry, Link, Message
from alerts.words import Words


def text(message: Message, parts: list[Part], words: Words) -> str:
    lines = [message.title, "", *_above(message)]
    for part in parts:
        lines += _part(part, words)
    lines += ["-- ", *map(linked, message.foot)] if message.foot else []
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def linked(link: Link) -> str:
    return f"{link.label}: {link.url}"


def _above(message: Message) -> Iterator[str]:
    for paragraph in (*message.lead, *filter(None, message.english)):
        yield from (paragraph, "")
    yield from (f"{name}: {value}" for name, value in message.facts)
    yield ""
    if message.do:
        yield from (linked(message.do), "")
    for paragraph in message.after:
        yield from (paragraph, "")


def _part(part: Part, words: Words) -> Iterator[str]:
    if part.heading:
        yield from (part.heading, "=" * 24, "")
    for entry in part.full:
        yield from (*_entry(entry, words), "")
    for entry in part.brief:
        yield from (f"- {line(entry, words)}", *(f"  {link.url}" for link in entry.links[-1:]))
    yield ""


def _entry(entry: Entry, words: Words) -> Iterator[str]:
    yield entry.by
    if entry.text:
        yield from ("", *quoted(entry, words), "")
    yield from entry.remarks
    yield from map(linked, entry.via)
    if entry.why:
        yield f"{words.say('why')}:"
    for why in entry.why:
        yield f"- {why.said}"
        if why.link:
            yield f"  {linked(why.link)}"
    yield from map(linked, entry.links)
    if entry.echoes:
        yield from ("", f"{words.say('also')}:", "")
    for echo in entry.echoes:
        yield from ("  " + said for said in _entry(echo, words))
