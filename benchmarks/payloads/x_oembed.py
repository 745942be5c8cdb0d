"""One answer of X's oEmbed a page: it knows no list."""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from benchmarks.drafts import Draft
from benchmarks.payloads._form import decode_json, json_page
from benchmarks.payloads._snowflake import snowflake
from core.page import Page

MOST = 1
decode = decode_json


def page(drafts: Sequence[Draft]) -> Page:
    (draft,) = drafts
    home = f"https://twitter.com/{draft.office.handle}"
    url = f"{home}/status/{snowflake(draft)}"
    day = f"{draft.created_at:%B} {draft.created_at.day}, {draft.created_at.year}"
    link = '<a href="https://t.co/AbCdEfGhIj">https://t.co/AbCdEfGhIj</a>' if draft.number % 2 else ""
    html = (
        f'<blockquote class="twitter-tweet" data-dnt="true"><p lang="{draft.lang}" dir="ltr">'
        f"{escape(draft.text)} {link}</p>&mdash; {escape(draft.office.name)} (@{draft.office.handle}) "
        f'<a href="{url}?ref_src=twsrc%5Etfw">{day}</a></blockquote>\n\n'
    )
    answer = {
        "url": url,
        "author_name": draft.office.name,
        "author_url": home,
        "html": html,
        "width": 550,
        "height": None,
        "type": "rich",
        "cache_age": "3153600000",
        "provider_name": "Twitter",
        "provider_url": "https://twitter.com",
        "version": "1.0",
    }
    return json_page(f"https://publish.twitter.com/oembed?url={quote(url, safe='')}&omit_script=1", answer)
