"""People correct tags: by the API with a key or a session, and by forms that need no script."""

import re
from dataclasses import replace
from urllib.parse import quote

import pytest
from lxml import html
from sqlalchemy import func, select, update

from api.schemas import of_posts, of_searches
from db.models import Correction, Tag, Version
from db.upsert import table
from tests.api.site import MODEL, POSTS, Score
from tests.conftest import NOW

FIRST = "file:office.example/1"
TAGS = f"/api/v1/posts/{FIRST}/tags"
NOTE = "Payroll is a part of the plan."


@pytest.fixture
def annotator(site):
    return site.key("annotate", name="Analyst of the office")


@pytest.fixture
def far(site):
    return site.outside(public_read=True)


def rows(site, model):
    with site.database.read() as session:
        return session.execute(select(func.count()).select_from(model)).scalar_one()


def tag(client, topic, **more):
    found = client.get(f"/api/v1/posts/{FIRST}", **more).json()["tags"]
    return next((t for t in found if t["topic"] == topic), None)


def test_a_correction_wins_is_attributed_and_answers_as_it_stands(site, far, annotator):
    answer = far.put(f"{TAGS}/reform", json={"decision": "tagged", "note": NOTE}, headers=annotator)
    assert answer.status_code == 200, answer.text
    made = of_posts.Tag.model_validate(answer.json())
    assert (made.decision, made.model, made.by, made.probability) == ("tagged", None, "person", 1)
    said = made.correction
    assert (said.name, said.note, said.version, said.text_changed) == ("Analyst of the office", NOTE, 1, False)
    assert tag(far, "reform", headers=annotator) == answer.json()
    found = far.get("/api/v1/posts", params={"q": "topic:reform advisors"}, headers=annotator).json()
    assert [post["id"] for post in found["items"]] == [FIRST]
    of_searches.Posts.model_validate(found)


def test_outside_readers_see_that_a_person_said_so_and_not_who_or_why(site, far, annotator):
    far.put(f"{TAGS}/reform", json={"decision": "not", "note": NOTE}, headers=annotator)
    (key,) = [k for k in [tag(far, "reform", headers=annotator)["correction"]["key"]] if k]
    shown = tag(far, "reform")
    assert (shown["by"], shown["decision"]) == ("person", "not")
    assert [shown["correction"][name] for name in ("name", "key", "note")] == [None] * 3
    for path in (
        f"/api/v1/posts/{FIRST}",
        f"/api/v1/posts/{FIRST}/versions",
        "/api/v1/posts",
        f"/posts/{FIRST}",
        "/",
    ):
        public, own = far.get(path), far.get(path, headers=annotator)
        assert public.status_code == own.status_code == 200
        assert NOTE not in public.text and "Analyst of" not in public.text, path
    assert NOTE in far.get(f"/api/v1/posts/{FIRST}/versions", headers=annotator).text
    assert "says <bdi>Analyst of the office</bdi>" in far.get(f"/posts/{FIRST}", headers=annotator).text
    assert key > 0


def test_the_same_put_twice_changes_nothing(site, far, annotator):
    answers = [far.put(f"{TAGS}/reform", json={"decision": "tagged"}, headers=annotator) for _ in range(3)]
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert rows(site, Correction) == 1


def test_withdrawn_the_model_s_decision_is_current_again_and_the_history_stays(site, far, annotator):
    before = tag(far, "reform", headers=annotator)
    far.put(f"{TAGS}/reform", json={"decision": "not"}, headers=annotator)
    assert tag(far, "reform", headers=annotator)["decision"] == "not"
    for _ in range(2):
        answer = far.delete(f"{TAGS}/reform", headers=annotator)
        assert (answer.status_code, answer.content) == (204, b"")
    assert tag(far, "reform", headers=annotator) == before and before["model"] == MODEL
    (version,) = far.get(f"/api/v1/posts/{FIRST}/versions", headers=annotator).json()["items"]
    assert [t["decision"] for t in version["tags"] if t["topic"] == "reform"] == ["unsure", "unsure", "not"]
    of_posts.Version.model_validate(version)


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("/api/v1/posts/file:none/tags/reform", {"decision": "not"}, 404, "the archive has no post 'file:none'"),
        (f"{TAGS}/peace", {"decision": "not"}, 404, "there are key_leader_engagement, training, reform"),
        (f"{TAGS}/reform", {"decision": "unsure"}, 422, "'tagged' or 'not'"),
        (f"{TAGS}/reform", {}, 422, "decision"),
        (f"{TAGS}/reform", {"decision": "not", "note": "x" * 2001}, 422, "2000"),
        (f"{TAGS}/reform", {"decision": "not", "reason": "x"}, 422, "reason"),
        (f"{TAGS}/reform", [], 422, "body"),
        (f"{TAGS}/reform?by=me", {"decision": "not"}, 422, "unknown parameter 'by'"),
        (f"{TAGS}/reform%00", {"decision": "not"}, 422, "NUL"),
    ],
)
def test_what_cannot_be_corrected_says_why(site, far, annotator, path, body, status, says):
    answer = far.put(path, json=body, headers=annotator)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert says in answer.json()["detail"]
    assert rows(site, Correction) == 0


def test_an_unknown_topic_lists_those_there_are(far, annotator):
    for answer in (
        far.put(f"{TAGS}/peace", json={"decision": "not"}, headers=annotator),
        far.delete(f"{TAGS}/peace", headers=annotator),
    ):
        assert answer.json()["known"] == ["key_leader_engagement", "training", "reform"]


@pytest.mark.parametrize("method", ["put", "delete"])
def test_nobody_writes_without_the_scope(site, far, method):
    body = {"json": {"decision": "not"}} if method == "put" else {}
    for scopes in (("read",), ("alerts", "export")):
        answer = getattr(far, method)(f"{TAGS}/reform", headers=site.key(*scopes), **body)
        assert answer.status_code == 403 and "annotate" in answer.json()["detail"]
    for nobody in (far, site.inside()):
        answer = getattr(nobody, method)(f"{TAGS}/reform", **body)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
    assert rows(site, Correction) == 0


def test_an_admin_s_key_may(site, far):
    assert far.put(f"{TAGS}/reform", json={"decision": "not"}, headers=site.key("admin")).status_code == 200


@pytest.mark.parametrize("made", [quote(FIRST, safe=""), FIRST])
def test_ids_may_be_sent_raw_or_encoded(far, annotator, made):
    assert (
        far.put(f"/api/v1/posts/{made}/tags/reform", json={"decision": "not"}, headers=annotator).status_code == 200
    )


def test_a_note_is_kept_as_any_text(far, annotator):
    for note, kept in (("  ", None), ("یەکخستن\n<b>", "یەکخستن\n<b>"), ("a\x00b", "ab")):
        answer = far.put(f"{TAGS}/reform", json={"decision": "not", "note": note}, headers=annotator)
        assert answer.json()["correction"]["note"] == kept


def test_a_newer_model_does_not_undo_it(site, far, annotator):
    far.put(f"{TAGS}/reform", json={"decision": "not"}, headers=annotator)
    with site.database.write() as session:
        session.execute(update(table(Version)).values(tag_priority=1))
    site.tag({"advisors": [Score("reform", 0.99, 0, 5)]})
    assert tag(far, "reform", headers=annotator)["decision"] == "not"


# -- the forms ----------------------------------------------------------------------------------------------


@pytest.fixture
def session(site):
    """A signed-in browser, and the token that its forms carry."""
    return site.signed_in("annotate")


def forms(page):
    return html.fromstring(page.text).xpath('//form[contains(@class, "judge")]')


def fields(form):
    return {name: form.fields[name] for name in form.fields if name}


def test_the_page_of_a_post_has_a_form_for_every_topic(session):
    browser, token = session
    found = forms(browser.get(f"/posts/{FIRST}"))
    assert [f.get("action") for f in found] == [
        f"/posts/{FIRST}/tags/{topic}" for topic in ("key_leader_engagement", "reform", "training")
    ]
    assert {f.fields["csrf"] for f in found} == {token}
    buttons = found[1].xpath(".//button/@aria-label")
    assert buttons == ["Holds: Security reform", "Does not hold: Security reform"]
    assert all(f.xpath(".//label[span]//textarea[@name='note']") for f in found)


def test_a_form_corrects_and_leads_back_to_where_it_stood(session):
    browser, _ = session
    form = forms(browser.get(f"/posts/{FIRST}"))[1]
    answer = browser.post(form.get("action"), data={**fields(form), "note": NOTE, "decision": "tagged"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/posts/{FIRST}#topic-reform")
    page = browser.get(f"/posts/{FIRST}")
    assert "says <bdi>operator</bdi>" in page.text and f'<q dir="auto">{NOTE}</q>' in page.text
    assert "by a person" in page.text
    again = next(f for f in forms(page) if f.get("action").endswith("/reform"))
    assert again.fields["note"] == NOTE
    withdrawn = browser.post(again.get("action"), data={**fields(again), "decision": "withdraw"})
    assert withdrawn.status_code == 303
    assert "says <bdi>operator" not in browser.get(f"/posts/{FIRST}").text


def test_the_review_list_has_a_form_for_each_unsure_topic_and_leads_back_to_it(session):
    browser, _ = session
    (review,) = html.fromstring(browser.get("/").text).xpath('//a[starts-with(normalize-space(), "Review")]')
    assert " ".join(review.text_content().split()) == "Review 1"
    page = browser.get(review.get("href"))
    (form,) = forms(page)
    answer = browser.post(form.get("action"), data={**fields(form), "decision": "not"})
    assert answer.status_code == 303 and answer.headers["location"] == review.get("href")
    after = browser.get(answer.headers["location"])
    assert after.status_code == 200 and not forms(after) and "0 posts" in after.text
    assert "Review" not in html.fromstring(browser.get("/").text).xpath('//div[@class="above"]')[0].text_content()


@pytest.mark.parametrize(
    "back",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "evil", "/a\r\nX: y", "javascript:alert(1)"],
)
def test_a_form_leads_to_no_other_site(session, back):
    browser, token = session
    data = {"csrf": token, "decision": "not", "back": back}
    answer = browser.post(f"/posts/{FIRST}/tags/reform", data=data)
    assert answer.headers["location"] == f"/posts/{FIRST}#topic-reform"


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_a_form_of_another_site_is_refused(site, session, token):
    browser, _ = session
    answer = browser.post(f"/posts/{FIRST}/tags/reform", data={"csrf": token, "decision": "not"})
    assert answer.status_code == 403 and rows(site, Correction) == 0


def test_a_session_on_the_api_shows_its_token_too(site, session):
    browser, token = session
    path, body = f"{TAGS}/reform", {"decision": "not"}
    assert browser.put(path, json=body).status_code == 403
    assert browser.put(path, json=body, headers={"X-CSRF-Token": token}).json()["correction"]["name"] == "operator"


def test_who_may_only_read_has_no_forms_and_cannot_post(site):
    browser, token = site.signed_in("read")
    before = rows(site, Tag)
    for path in (f"/posts/{FIRST}", "/?sort=uncertain"):
        assert not forms(browser.get(path)) and browser.get(path).status_code == 200
    refused = browser.post(f"/posts/{FIRST}/tags/reform", data={"csrf": token, "decision": "not"})
    assert refused.status_code == 403
    here = site.inside()
    assert not forms(here.get(f"/posts/{FIRST}")) and not forms(here.get("/?sort=uncertain"))
    assert here.post(f"/posts/{FIRST}/tags/reform", data={"decision": "not"}).status_code == 401
    assert rows(site, Tag) == before


@pytest.mark.parametrize("data", [{"decision": "maybe"}, {"decision": "not", "note": "x" * 2001}, {}])
def test_a_form_that_says_nothing_known_is_explained(session, data):
    browser, token = session
    answer = browser.post(
        f"/posts/{FIRST}/tags/reform", data={"csrf": token, **data}, headers={"Accept": "text/html"}
    )
    assert answer.status_code == 422 and re.search("decision|note", answer.text)


def test_hostile_notes_are_shown_as_text(site, session):
    browser, token = session
    hostile = '</textarea><script>alert(1)</script>"'
    browser.post(f"/posts/{FIRST}/tags/reform", data={"csrf": token, "decision": "not", "note": hostile})
    page = browser.get(f"/posts/{FIRST}").text
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


def test_an_edited_post_says_on_which_version_it_was_corrected(site, session):
    browser, token = session
    browser.post(f"/posts/{FIRST}/tags/reform", data={"csrf": token, "decision": "tagged"})
    site.collect("sample", [replace(POSTS[0], text="Our advisors met nobody.")], NOW)
    page = " ".join(html.fromstring(browser.get(f"/posts/{FIRST}").text).text_content().split())
    assert "Made on version 1; the text has changed since." in page
    assert "Model: has not read this version yet" in page


def test_the_most_uncertain_come_first_by_the_api_too(far, annotator):
    answer = far.get("/api/v1/posts", params={"sort": "uncertain"}, headers=annotator).json()
    assert [p["id"] for p in answer["items"]] == [FIRST] and answer["total"] == 1
