"""Which posts of a message stand in full, and which by a line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from alerts.render import clean
from alerts.render.message import Entry, Section
from alerts.words import Words

_LINE = 80  # characters of a post's text in its line


@dataclass(frozen=True, slots=True)
class Part:
    """Of a section, the posts in full and behind them those by a line, echoes among them."""

    heading: str
    full: list[Entry]
    brief: list[Entry]


def laid(sections: Sequence[Section], most: int, longest: int, words: Words) -> list[Part]:
    """The first `most` posts in full, echoes with what they echo; texts of at most `longest` characters."""
    room, parts = most, []
    for section in sections:
        part = Part(section.heading, [], [])
        for entry in section.entries:
            if room:
                shown = entry.echoes[: room - 1]
                part.full.append(replace(_at_most(entry, longest, words), echoes=shown))
                part.brief.extend(entry.echoes[len(shown) :])
                room -= 1 + len(shown)
            else:
                part.brief.extend((entry, *entry.echoes))
        parts.append(part)
    return parts


def _at_most(entry: Entry, longest: int, words: Words) -> Entry:
    if len(entry.text) <= longest:
        return entry
    remarks = [*entry.remarks, words.say("shortened")]
    return replace(entry, text=clean.shortened(entry.text, longest), remarks=remarks)


def line(entry: Entry, words: Words) -> str:
    """One post by a line: who, when, how it begins, and what must be known of it."""
    begins = words.apart(clean.line(entry.text, _LINE))
    return " · ".join(filter(None, [entry.by, begins, *entry.remarks, *(link.label for link in entry.via)]))


def quoted(entry: Entry, words: Words) -> Iterator[str]:
    """The lines of its text, each in its own direction, told apart from ours."""
    for said in entry.text.splitlines():
        yield f"> {words.apart(said)}".rstrip()
