"""A message -> the HTML part of a mail. Everything is escaped, nothing undefined passes silently."""

from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from alerts.render.layout import Part, line
from alerts.render.message import Message
from alerts.words import Words, elements


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(bdi=elements, broken=_broken)
    return made


def _broken(text: str) -> Markup:
    """Paragraphs each in its own direction; the break of a line is one."""
    paragraphs = [Markup("<br>").join(map(escape, said.split("\n"))) for said in text.split("\n\n")]
    return Markup("").join(Markup('<p dir="auto" style="margin:0 0 8px">{}</p>').format(p) for p in paragraphs)


def html(message: Message, parts: list[Part], words: Words) -> str:
    made = _environment().get_template("mail.html")
    rtl = words.rtl
    return made.render(
        message=message,
        parts=parts,
        say=words.say,
        brief=partial(line, words=words),
        lang=words.lang,
        dir="rtl" if rtl else "ltr",
        start="right" if rtl else "left",
    ).lstrip()
