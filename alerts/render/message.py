"""What a message says, before it is a mail or a note: all of it clean text, in the reader's language."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Why:
    """One reason; `link` leads to its evidence."""

    said: str
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A post. `text` is what it says, empty where nothing may be or is to be said of it; `remarks` are what a
    reader must know of it; `via` are articles that quote it; `links` lead to the original and to its page here."""

    by: str
    text: str
    lang: str | None
    remarks: list[str]
    via: list[Link]
    why: list[Why]
    links: list[Link]
    echoes: list["Entry"] = field(default_factory=list)

    @property
    def count(self) -> int:
        return 1 + len(self.echoes)


@dataclass(frozen=True, slots=True)
class Section:
    """Posts under one heading, empty if there is none."""

    heading: str
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class Message:
    """`subject` is for lists, `title` stands above. `lead` are paragraphs, `english` those that are always
    English, `facts` names and values, `do` the one thing to do, `after` what comes behind it;
    `foot` links at the end."""

    subject: str
    title: str
    lead: list[str]
    foot: list[Link]
    english: list[str] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    do: Link | None = None
    after: list[str] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(entry.count for section in self.sections for entry in section.entries)
