"""Our copies of pictures: told to those who may have them, and served so that nothing in them runs."""

import hashlib

import pytest
from sqlalchemy import select, update

from api.schemas import of_archive, of_posts
from core.page import Page
from core.post import Media
from db import captures, media, sources
from db.models import Blob, MediaFile, Post, Source
from db.upsert import table
from tests.api.site import Site, at, written
from tests.conftest import NOW

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2000
HTML = b"<script>alert(1)</script>"
ID = "file:office.example/20"
URL, FILM, OTHER = (f"https://office.example/{name}" for name in ("20.png", "20.mp4", "20.jpg"))


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@pytest.fixture
def filled(site: Site) -> Site:
    """A post with a picture that was fetched, a film of a type that no browser shows, and one still waiting."""
    with site.database.write() as session:
        session.execute(
            update(table(Source)).values(options={"media": True, "media_types": ["image/*", "video/*"]})
        )
    shown = (Media("image", URL, 'Two "people"'), Media("video", FILM), Media("image", OTHER))
    site.collect("sample", [written("20", "A picture.", at(20), media=shown)], NOW)
    fetched = {URL: (PNG, "image/png"), FILM: (HTML, "video/x-matroska")}
    with site.database.write() as session:
        number = sources.by_name(session, "sample").id or 0
        while file := media.claim(session, number, "here:1:a", NOW):
            if file.url in fetched:
                media.keep(session, file, *fetched[file.url], NOW, NOW)
    return site


def test_posts_and_versions_tell_what_was_fetched(filled):
    browser = filled.inside()
    post = browser.get(f"/api/v1/posts/{ID}").json()
    assert of_posts.Post.model_validate(post)
    told = [(m["sha256"], m["content_type"], m["size"]) for m in post["media"]]
    assert told == [
        (digest(PNG), "image/png", len(PNG)),
        (digest(HTML), "video/x-matroska", len(HTML)),
        (None,) * 3,
    ]
    (version,) = browser.get(f"/api/v1/posts/{ID}/versions").json()["items"]
    assert version["media"] == post["media"] and of_posts.Version.model_validate(version)
    found = browser.get("/api/v1/posts?q=picture").json()["items"]
    assert found[0]["media"] == post["media"]
    then = browser.get(f"/api/v1/posts/{ID}?as_of=2026-12-01").json()
    assert then["media"] == post["media"]


def test_the_public_is_told_of_none(filled):
    browser = filled.outside(public_read=True)
    for path in (f"/api/v1/posts/{ID}", "/api/v1/posts?q=picture", f"/api/v1/posts/{ID}/versions"):
        assert digest(PNG) not in browser.get(path).text
    answer = browser.get(f"/api/v1/media/{digest(PNG)}")
    assert answer.status_code == 403 and "not for outside readers" in answer.json()["detail"]
    assert "/api/v1/media/" not in browser.get(f"/posts/{ID}").text
    assert filled.outside().get(f"/api/v1/media/{digest(PNG)}").status_code == 401


def test_a_picture_is_served_with_what_keeps_it_a_picture(filled):
    answer = filled.inside().get(f"/api/v1/media/{digest(PNG)}")
    assert answer.content == PNG
    headers = answer.headers
    assert headers["content-type"] == "image/png" and headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["etag"] == f'"{digest(PNG)}"' and "immutable" in headers["cache-control"]
    assert headers["content-length"] == str(len(PNG)) and "content-disposition" not in headers


def test_what_no_browser_just_shows_leaves_as_a_file(filled):
    headers = filled.inside().get(f"/api/v1/media/{digest(HTML)}").headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"].startswith("attachment")


def test_a_picture_that_is_known_is_not_sent_again(filled):
    known = {"If-None-Match": f'"{digest(PNG)}"'}
    answer = filled.inside().get(f"/api/v1/media/{digest(PNG)}", headers=known)
    assert (answer.status_code, answer.content) == (304, b"")


def test_bytes_that_no_post_shows_have_no_address_here(filled):
    with filled.database.write() as session:
        captures.store(session, None, Page("https://a.example", b"a capture", NOW))
    browser = filled.inside()
    assert browser.get(f"/api/v1/media/{digest(b'a capture')}").status_code == 404
    assert browser.get(f"/api/v1/media/{'0' * 64}").status_code == 404
    assert browser.get("/api/v1/media/nonsense").status_code == 422


def test_an_erased_picture_is_gone_and_says_so(filled):
    with filled.database.write() as session:
        session.execute(
            update(table(Blob)).where(table(Blob).c.sha256 == digest(PNG)).values(codec="erased", body=b"")
        )
    assert filled.inside().get(f"/api/v1/media/{digest(PNG)}").status_code == 410


def test_the_page_shows_our_copy_and_never_the_platform_s(filled):
    page = filled.inside().get(f"/posts/{ID}").text
    assert f'<img class="copy" src="/api/v1/media/{digest(PNG)}" alt="Two &#34;people&#34;" loading="lazy"' in page
    assert f'src="{URL}"' not in page and page.count("<img") == 1


def test_the_page_tells_the_evidence_of_each_version(filled):
    source_page = Page("https://office.example/30", HTML, NOW, headers={}, tool="t")
    from tests.api.test_captures import look

    number = look(filled, [written("30", "Another.", at(21))], source_page)
    page = filled.inside().get("/posts/file:office.example/30").text
    at_api = "/api/v1/posts/file:office.example/30/capture"
    assert f'href="{at_api}?capture={number}"' in page and f"{at_api}/body?capture={number}" in page
    assert digest(HTML) in page and "status 200" in page
    outside = filled.outside(public_read=True).get("/posts/file:office.example/30").text
    assert at_api not in outside and digest(HTML) in outside  # a digest can be cited; the bytes stay here


def test_the_sources_tell_how_many_wait(filled):
    (told,) = [s for s in filled.inside().get("/api/v1/sources").json()["items"] if s["name"] == "sample"]
    assert told["media"] == {"waiting": 1, "fetched": 2, "given_up": 0} and of_archive.Source.model_validate(told)
    assert "1 pictures or films wait" in filled.inside().get("/sources").text
    assert filled.outside(public_read=True).get("/api/v1/sources").json()["items"][0]["media"] is None


def test_nothing_is_shown_of_a_post_that_was_erased(filled):
    from db.models import Erasure
    from db.upsert import insert_all

    with filled.database.write() as session:
        key = session.execute(select(table(MediaFile).c.post_id)).scalar()
        row = {"post_id": key, "public_id": ID, "cause": "request", "reason": "r", "by": "b", "at": NOW, "said": {}}
        (number,) = insert_all(session, Erasure, [row])
        session.execute(update(table(Post)).where(table(Post).c.id == key).values(erasure_id=number))
    assert digest(PNG) not in filled.inside().get(f"/posts/{ID}").text
