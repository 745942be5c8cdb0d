"""A news page of 30 paragraphs with menus, teasers and scripts, which embeds two posts of X: three posts."""

from collections.abc import Sequence
from html import escape
from typing import Any

import lxml.html

from benchmarks.drafts import Draft
from benchmarks.payloads._form import seconds, text_page
from benchmarks.payloads._snowflake import snowflake
from core.page import Page

MOST = 3
_PARAGRAPHS = 30
_SENTENCES = (
    "Officials of both sides said that the talks had gone on for the whole morning and would be taken up again.",
    "A spokesman named payroll, fuel and the school for officers as what is to be settled before the winter.",
    "People in the town speak of a quiet year, though many families have not come back from the camps so far.",
    "The ministry counts the brigades that report to it anew each spring, and the figures are not yet out.",
    "Advisors have been at the base since the summer, and their number is to go down as the units take over.",
)


def page(drafts: Sequence[Draft]) -> Page:
    story, *quoted = drafts
    return text_page(f"https://news.example/{story.number}/a-story", "text/html", _html(story, quoted))


def decode(body: bytes) -> Any:
    return lxml.html.document_fromstring(body)


def _html(story: Draft, quoted: Sequence[Draft]) -> str:
    menu = "".join(f'<li class="menu-item"><a href="/section/{n}">Section {n}</a></li>' for n in range(30))
    teasers = "".join(
        f'<div class="teaser"><a href="/{story.number}/{n}"><img src="/t/{n}.jpg" alt=""/>'
        f"<h4>Story {n}</h4></a></div>"
        for n in range(20)
    )
    script = "window.dataLayer=window.dataLayer||[];" + "function g(){dataLayer.push(arguments)}" * 60
    body = [f"<p>{escape(story.text)}</p>", *(f"<p>{_paragraph(story.number, n)}</p>" for n in range(_PARAGRAPHS))]
    for place, draft in enumerate(quoted, 1):
        body.insert(place * 9, _embed(draft))
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(story.title)} | Example News</title>
<link rel="canonical" href="https://news.example/{story.number}/a-story">
<meta property="og:title" content="{escape(story.title)}"><meta property="og:site_name" content="Example News">
<meta property="og:image" content="https://news.example/{story.number}/top.jpg">
<meta property="article:published_time" content="{seconds(story.created_at)}">
<script>{script}</script></head>
<body><header><nav><ul>{menu}</ul></nav></header>
<main><article><h1>{escape(story.title)}</h1>{"".join(body)}</article></main>
<aside>{teasers}</aside><footer><ul>{menu}</ul></footer><script>{script}</script></body></html>
"""


def _paragraph(story: int, place: int) -> str:
    chosen = [_SENTENCES[(story + place * step) % len(_SENTENCES)] for step in (1, 2, 3)]
    return f"{' '.join(chosen)} ({story}.{place})"


def _embed(draft: Draft) -> str:
    home = f"https://twitter.com/{draft.office.handle}"
    signed = f"&mdash; {escape(draft.office.name)} (@{draft.office.handle})"
    day = f"{draft.created_at:%B} {draft.created_at.day}, {draft.created_at.year}"
    return (
        f'<blockquote class="twitter-tweet"><p lang="{draft.lang}" dir="ltr">{escape(draft.text)}</p>{signed} '
        f'<a href="{home}/status/{snowflake(draft)}?ref_src=twsrc%5Etfw">{day}</a></blockquote>'
    )
