"""What a letter says: as a mail, with a text and an HTML part, and as a note for chat channels.

Both are pure functions of the letter, the same at each try. What strangers wrote is text in them and nothing else:
no markup, no picture, no script, nothing that turns or hides what stands around it.
"""

from dataclasses import dataclass

from alerts.channel import Letter
from alerts.links import Links
from alerts.render import chat, markup, plain
from alerts.render.layout import laid
from alerts.render.stories import story
from alerts.words import Words

MAIL_IN_FULL, NOTE_IN_FULL = 50, 20  # posts; a mail has a line for each of the others
_LENGTHS = (4000, 1500, 800, 400, 250)  # characters of a post's text in a mail: the most that lets it stay
_LIGHT = 100_000  # bytes of HTML: some mail programs hide what goes beyond
_NOTE_LENGTHS = (600, 280)  # the same in a note of few posts, and in one of more
_FEW = 5


@dataclass(frozen=True, slots=True)
class Mail:
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Note:
    title: str
    text: str


def mail(letter: Letter, links: Links) -> Mail:
    """Every post stands in it exactly once, in full, as an echo of another, or by a line."""
    message, words = story(letter, links), Words(letter.lang)
    for longest in _LENGTHS if message.count <= MAIL_IN_FULL else _LENGTHS[-2:]:
        parts = laid(message.sections, MAIL_IN_FULL, longest, words)
        html = markup.html(message, parts, words)
        if len(html.encode()) <= _LIGHT:
            break
    return Mail(message.subject, plain.text(message, parts, words), html)


def note(letter: Letter, links: Links) -> Note:
    """The first posts in full, and how many more there are; the alert's page has them all."""
    message, words = story(letter, links), Words(letter.lang)
    longest = _NOTE_LENGTHS[message.count > _FEW]
    parts = laid(message.sections, NOTE_IN_FULL, longest, words)
    return Note(chat.inert(message.subject), chat.text(message, parts, words))
