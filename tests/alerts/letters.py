"""Letters about posts of an invented office; all of them are synthetic."""

from datetime import UTC, datetime

from lxml import html

from alerts.channel import Letter
from alerts.links import Links
from alerts.render import mail

LINKS = Links("https://kle.example")
ALERT = {
    "id": 7,
    "name": "Reform and the ministry",
    "query": "topic:reform peshmerga",
    "cadence": "at_once",
    "url": "https://kle.example/alerts/7",
}
TEXT = "Our advisors met the brigade's leaders today. Next on the list: one payroll for all units."


def topic_reason(number=1, **fields):
    return {
        "alert": {"id": 7, "name": ALERT["name"]},
        "kind": "topic",
        "text": "tagged Security reform",
        "topic": "reform",
        "name": "Security reform",
        "probability": 0.924,
        "threshold": 0.5,
        "decision": "tagged",
        "model": "9f2c",
        "evidence": {"start": 46, "end": 90, "text": "Next on the list: one payroll for all units."},
        "link": f"https://kle.example/posts/x:{number}#topic-reform",
        **fields,
    }


def reason(kind, said=None, alert=None):
    alert = alert or {"id": 7, "name": ALERT["name"]}
    return {"alert": alert, "kind": kind, "text": f"by {kind}", **({} if said is None else {kind: said})}


def post(number=1, **fields):
    return {
        "id": f"x:{number}",
        "platform": "x",
        "platform_id": str(number),
        "url": f"https://x.example/advisors/{number}",
        "kind": "post",
        "account": {
            "platform": "x",
            "handle": "@advisors.example",
            "name": "Example Advisory Office",
            "actor": None,
        },
        "text": TEXT,
        "lang": "en",
        "created_at": "2025-08-18T14:30:00Z",
        "created_at_precision": "second",
        "synthetic": False,
        "first_seen_at": "2025-08-18T14:36:12Z",
        "deleted_at": None,
        "tags": [],
        "sightings": [{"source": "office", "first_hand": True, "url": None, "seen_at": "2025-08-18T14:36:12Z"}],
        "rights": {"policy": "quotation", "text_withheld": False},
        "erasure": None,
        "page": f"https://kle.example/posts/x:{number}",
        "edited": False,
        "reasons": [reason("words", "peshmerga"), topic_reason(number)],
        **fields,
    }


def part(*numbers, topic="reform", name="Security reform"):
    """A number, or one with its echoes."""
    split = [(one, *()) if isinstance(one, int) else one for one in numbers]
    told = [{"id": f"x:{first}", "echoes": [f"x:{echo}" for echo in rest]} for first, *rest in split]
    return {"topic": topic, "name": name, "posts": told}


def letter(body_type, data, kind="posts", lang="en", **fields):
    return Letter(
        key="msg_1",
        kind=kind,
        lang=lang,
        address="reader@reader.example",
        body={"type": body_type, "timestamp": "2025-08-18T14:37:00Z", "data": data},
        sent_at=datetime(2025, 8, 18, 14, 37, tzinfo=UTC),
        **{"unsubscribe": "https://kle.example/subscriptions/3/unsubscribe?token=t", **fields},
    )


def told(*posts, digest=None, late=False, lang="en", alert=None, body_type="alert.matched"):
    numbers = [int(p["platform_id"]) for p in posts]
    laid = [part(*numbers)] if digest is None and posts else digest or []
    data = {"alert": {**ALERT, **(alert or {})}, "late": late, "posts": list(posts), "digest": laid}
    return letter(body_type, data, kind="late" if late else "posts", lang=lang)


FIGURES = {
    "more_than": {"posts": 7, "more_than": 5, "within": "1d"},
    "unusual": {"posts": 41, "usual": 5.5, "usual_on_weekday": 4.0, "least": 2, "most": 9, "days": 56},
    "silence": {"last_post": "2025-08-09T11:37:00Z", "silent_seconds": 788_400, "longest_seconds": 432_000},
}


def ruled(rule="more_than", lang="en", posts=(), explained="7 posts in 1 day, more than 5."):
    data = {
        "alert": ALERT,
        "explained": explained,
        "figures": FIGURES[rule],
        "posts": [{k: v for k, v in one.items() if k != "reasons"} for one in posts],
        "search": "https://kle.example/?q=topic%3Areform+peshmerga",
    }
    return letter(f"alert.{rule}", data, kind="rule", lang=lang)


def confirming(lang="en"):
    link = "https://kle.example/subscriptions/3/confirm?token=t"
    data = {"alert": {**ALERT, "cadence": "daily 07:00 Europe/Berlin"}}
    return letter("subscription.confirm", data, "confirm", lang, confirm=link, unsubscribe=None)


def paused(lang="en", answer="550 no such mailbox"):
    channel = {"kind": "webhook", "shown": "https://hooks.example/…"}
    data = {"alert": ALERT, "channel": channel, "failing_since": "2025-08-17T09:00:00Z", "answer": answer}
    return letter("channel.paused", data, "notice", lang)


def page(letter):
    return html.document_fromstring(mail(letter, LINKS).html)


def hrefs(letter):
    return [str(a.get("href")) for a in page(letter).iter("a")]


def shown(letter):
    """All that its HTML says, in one line."""
    return " ".join(page(letter).find("body").text_content().split())
