"""RSS 2.0 as a content management system writes it: 40 entries with summary and whole content."""

from collections.abc import Sequence
from email.utils import format_datetime
from html import escape
from typing import Any

import feedparser

from benchmarks.drafts import Draft
from benchmarks.payloads._form import text_page
from core.page import Page

MOST = 40
_SPACES = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'


def page(drafts: Sequence[Draft]) -> Page:
    office = drafts[0].office
    home = f"https://{office.handle.replace('_', '.')}"
    head = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" {_SPACES}>\n<channel>\n'
        f"<title>{escape(office.name)}</title>\n<link>{home}</link>\n<description>Invented news</description>\n"
    )
    return text_page(
        f"{home}/feed", "application/rss+xml", f"{head}{''.join(map(_item, drafts))}</channel>\n</rss>\n"
    )


def decode(body: bytes) -> Any:
    return feedparser.parse(body)


def _item(draft: Draft) -> str:
    words = escape(draft.text)
    picture = f'<p><img src="{draft.link}/picture.jpg" alt="Officers" width="1024" height="683"/></p>'
    whole = f'<p>{words}</p>\n{picture if draft.number % 3 == 0 else ""}<p><a href="{draft.link}/more">More</a></p>'
    return f"""<item>
<title>{escape(draft.title)}</title>
<link>{draft.link}</link>
<guid isPermaLink="true">{draft.link}</guid>
<pubDate>{format_datetime(draft.created_at)}</pubDate>
<dc:creator><![CDATA[{escape(draft.office.name)}]]></dc:creator>
<category><![CDATA[News]]></category>
<description><![CDATA[<p>{words[:200]}</p>]]></description>
<content:encoded><![CDATA[{whole}]]></content:encoded>
</item>
"""
