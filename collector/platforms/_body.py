"""The text of a news page without its menus, teasers and scripts, by trafilatura."""

from typing import Any

import trafilatura
from lxml import etree
from lxml.html import HtmlElement

from collector.platforms._embed import Embed
from collector.reading import markup

_DROPPED = ("script", "style", "svg", "noscript", "template", "iframe", "object", "select", "form", "nav")
_LARGE = 300_000  # characters of markup above which trafilatura's second opinions cost too much
_HUGE = 1_000_000
_DEEP = etree.XPath(f"boolean({'/*' * 200})")  # its heuristics cost the square of how deep elements lie


def extract(root: HtmlElement, embeds: list[Embed]) -> str:
    """The article's lines; changes `root`, which nobody needs afterwards."""
    _in_reading_order(embeds)
    kept = {embed.element for embed in embeds}
    for element in list(root.iter(*_DROPPED)):
        if element not in kept:
            _drop(element)
    size = len(etree.tostring(root, encoding="unicode"))
    text = _trafilatura(root, fast=size > _LARGE) if size <= _HUGE and not _DEEP(root) else ""
    return text or "\n".join(_readable(root))


def _trafilatura(root: HtmlElement, *, fast: bool) -> str:
    try:
        found: Any = trafilatura.bare_extraction(
            root, fast=fast, include_comments=False, include_tables=True, include_formatting=False,
            with_metadata=False, deduplicate=False,
        )  # fmt: skip
    except Exception:  # its heuristics stumble over some broken pages; the plain lines remain
        return ""
    return markup.plain_lines(found.text or "") if found else ""


def _readable(root: HtmlElement) -> list[str]:
    """Without heuristics: the paragraphs of the article element, else every visible line."""
    articles = root.xpath("(//article|//main)[not(ancestor::article or ancestor::main)]") or [root]
    longest = max((markup.lines(element) for element in articles), key=lambda rows: sum(map(len, rows)))
    return longest or markup.lines(root)


def _in_reading_order(embeds: list[Embed]) -> None:
    """Write each embed as plain paragraphs: extractors move the text behind line breaks to the end."""
    for embed in embeds:
        element = embed.element
        if element is None or element.tag != "blockquote" or not embed.lines:
            continue
        tail = element.tail
        element.clear()
        element.tail = tail
        for line in embed.lines:
            paragraph = etree.SubElement(element, "p")
            paragraph.text = line


def _drop(element: HtmlElement) -> None:
    if element.getparent() is not None:
        element.drop_tree()
