"""GET /api/v1/accounts/:id/statuses: 40 statuses, every second with a link, every third with a picture."""

from collections.abc import Sequence
from html import escape
from typing import Any

from benchmarks.drafts import Draft, Office
from benchmarks.payloads._form import decode_json, json_page, millis
from core.page import Page

MOST = 40
decode = decode_json
_HOST = "https://social.example"
_Json = dict[str, Any]


def page(drafts: Sequence[Draft]) -> Page:
    number = 109_300_000_000_000_000 + drafts[0].office.number
    return json_page(
        f"{_HOST}/api/v1/accounts/{number}/statuses?limit={MOST}", [_status(d, number) for d in drafts]
    )


def _status(draft: Draft, account: int) -> _Json:
    number = 116_800_000_000_000_000 - draft.number
    home = f"{_HOST}/users/{draft.office.handle}/statuses/{number}"
    return {
        "id": str(number),
        "created_at": millis(draft.created_at),
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": "ku" if draft.lang == "kmr" else draft.lang,
        "uri": home,
        "url": f"{_HOST}/@{draft.office.handle}/{number}",
        "replies_count": draft.number % 5,
        "reblogs_count": draft.number % 11,
        "favourites_count": draft.number % 97,
        "quotes_count": draft.number % 3,
        "edited_at": None,
        "content": _content(draft),
        "reblog": None,
        "application": {"name": "Web", "website": None},
        "account": _account(draft.office, account),
        "media_attachments": [_picture(draft)] if draft.number % 3 == 0 else [],
        "mentions": [],
        "tags": [{"name": "engagement", "url": f"{_HOST}/tags/engagement"}],
        "emojis": [],
        "quote": None,
        "card": None,
        "poll": None,
    }


def _content(draft: Draft) -> str:
    tag = f'<a href="{_HOST}/tags/engagement" class="mention hashtag" rel="tag">#<span>engagement</span></a>'
    shown = f'<span class="invisible">https://</span><span class="ellipsis">{draft.link[8:38]}</span>'
    link = f'<a href="{draft.link}" target="_blank" rel="nofollow noopener" translate="no">{shown}</a> '
    return f"<p>{escape(draft.text)}</p><p>{link if draft.number % 2 else ''}{tag}</p>"


def _account(office: Office, number: int) -> _Json:
    home = f"{_HOST}/@{office.handle}"
    files = "https://files.social.example/accounts"
    return {
        "id": str(number),
        "username": office.handle,
        "acct": office.handle,
        "display_name": office.name,
        "locked": False,
        "bot": False,
        "discoverable": True,
        "indexable": True,
        "group": False,
        "created_at": "2022-11-05T00:00:00.000Z",
        "note": "<p>An invented office.</p>",
        "url": home,
        "uri": f"{_HOST}/users/{office.handle}",
        "avatar": f"{files}/{number}/avatar.png",
        "avatar_static": f"{files}/{number}/avatar.png",
        "header": f"{files}/{number}/header.png",
        "header_static": f"{files}/{number}/header.png",
        "followers_count": 9120,
        "following_count": 14,
        "statuses_count": 5230,
        "last_status_at": "2026-06-01",
        "hide_collections": False,
        "noindex": False,
        "emojis": [],
        "roles": [],
        "fields": [{"name": "Web", "value": f'<a href="{home}" rel="me">{home}</a>', "verified_at": None}],
    }


def _picture(draft: Draft) -> _Json:
    at = f"https://files.social.example/{draft.number}"
    size = {"width": 2000, "height": 1333, "size": "2000x1333", "aspect": 1.5}
    return {
        "id": str(draft.number), "type": "image", "url": f"{at}/original.jpg", "preview_url": f"{at}/small.jpg",
        "remote_url": None, "meta": {"original": size, "small": size}, "description": f"Officers, {draft.number}",
        "blurhash": "UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH",
    }  # fmt: skip
