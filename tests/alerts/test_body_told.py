"""Mails and notes of bodies as an archive makes them, post by post."""

from types import SimpleNamespace

import pytest

from alerts import body
from alerts.render import mail, note
from core.alert import LANGUAGES
from db.models import Post
from tests.alerts.letters import ALERT, LINKS, hrefs, letter
from tests.conftest import NOW
from tests.db.conftest import Score

REASONS = [
    {"kind": "words", "words": "peshmerga"},
    {
        "kind": "topic",
        "topic": "reform",
        "probability": 0.9,
        "decision": "tagged",
        "model": "digest",
        "by": "model",
    },
    {"kind": "filter", "filter": "lang:en"},
]


@pytest.fixture
def made(small):
    """The body that tells all posts of the archive."""
    small.tag(Score("reform"), Score("training", 0.55, decision="unsure"))
    alert = SimpleNamespace(**ALERT)
    keys = [row.id for row in small.rows(Post)]
    with small.database.read() as session:
        rows = [SimpleNamespace(post_id=key, edition=0, why=[{"alert": 7, "reasons": REASONS}]) for key in keys]
        return body.of_posts(session, alert, rows, {7: ALERT["name"]}, LINKS, NOW)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_post_of_an_archive_is_told_once_with_its_text_and_its_evidence(made, lang):
    told = letter(made["type"], made["data"], lang=lang)
    posts = made["data"]["posts"]
    assert len(posts) == 8
    links = hrefs(told)
    assert [links.count(post["page"]) for post in posts] == [1] * 8
    assert all(f"{post['page']}#topic-reform" in links for post in posts)
    for said in (mail(told, LINKS).text, note(told, LINKS).text):
        assert [post["id"] for post in posts if post["text"] and post["text"] not in said] == []
        assert "https://news.example/1" in said, "through which article a second-hand post was seen"
