"""The feed of a channel: its 15 newest videos, which is all that it ever shows."""

from collections.abc import Sequence
from html import escape
from typing import Any

from lxml import etree

from benchmarks.drafts import Draft
from benchmarks.payloads._form import text_page
from core.page import Page

MOST = 15
_SITE = "https://www.youtube.com"
_SPACES = 'xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns:media="http://search.yahoo.com/mrss/"'


def page(drafts: Sequence[Draft]) -> Page:
    office = drafts[0].office
    channel = f"UC{office.handle.replace('_', '-'):x<22}"
    head = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<feed {_SPACES} xmlns="http://www.w3.org/2005/Atom">\n'
        f" <id>yt:channel:{channel[2:]}</id>\n <yt:channelId>{channel[2:]}</yt:channelId>\n"
        f' <title>{escape(office.name)}</title>\n <link rel="alternate" href="{_SITE}/channel/{channel}"/>\n'
    )
    body = "".join(_entry(draft, channel) for draft in drafts)
    return text_page(f"{_SITE}/feeds/videos.xml?channel_id={channel}", "text/xml", f"{head}{body}</feed>\n")


def decode(body: bytes) -> Any:
    return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))


def _entry(draft: Draft, channel: str) -> str:
    number = f"v{draft.number:010d}"
    when, title = draft.created_at.isoformat(), escape(draft.title)
    return f""" <entry>
  <id>yt:video:{number}</id>
  <yt:videoId>{number}</yt:videoId>
  <yt:channelId>{channel}</yt:channelId>
  <title>{title}</title>
  <link rel="alternate" href="{_SITE}/watch?v={number}"/>
  <author>
   <name>{escape(draft.office.name)}</name>
   <uri>{_SITE}/channel/{channel}</uri>
  </author>
  <published>{when}</published>
  <updated>{when}</updated>
  <media:group>
   <media:title>{title}</media:title>
   <media:content url="{_SITE}/v/{number}?version=3" type="application/x-shockwave-flash" width="640" height="390"/>
   <media:thumbnail url="https://i3.ytimg.com/vi/{number}/hqdefault.jpg" width="480" height="360"/>
   <media:description>{escape(draft.text)}\n\n{draft.link}</media:description>
   <media:community>
    <media:starRating count="{draft.number % 97}" average="5.00" min="1" max="5"/>
    <media:statistics views="{draft.number % 4001}"/>
   </media:community>
  </media:group>
 </entry>
"""
