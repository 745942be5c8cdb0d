"""What leaves the house follows how each text was obtained, and the strictest way wins."""

import pytest

from core import terms

OWN = {"first_hand": True}
QUOTED = {"first_hand": False}
PLATFORMS = {
    "x": "ids", "bluesky": "full", "mastodon": "full", "feed": "quotation", "article": "quotation",
    "dvids": "full", "youtube": "link", "other": "quotation",
}  # fmt: skip
CORRECTION = {"name": "analyst", "key": 3, "note": "a remark", "at": "2026-01-01T00:00:00Z", "version": 1,
              "text_changed": False}  # fmt: skip


def post(platform, *sightings):
    return {
        "id": f"{platform}:1",
        "platform": platform,
        "url": "https://p.example/1",
        "text": "the words",
        "tags": [{"topic": "reform", "evidence": {"start": 0, "end": 3}, "correction": dict(CORRECTION)}],
        "media": [{"type": "image", "url": "https://p.example/1.jpg", "alt": "the words again"}],
        "labels": [],
        "sightings": list(sightings),
    }


def test_the_table_is_the_design():
    assert {name: policy.share for name, policy in terms.policies().items()} == PLATFORMS


@pytest.mark.parametrize(
    ("platform", "sightings", "share"),
    [
        *((name, [OWN], share) for name, share in PLATFORMS.items()),
        ("x", [QUOTED], "quotation"),
        ("x", [QUOTED, OWN], "ids"),
        ("x", [OWN, QUOTED], "ids"),
        ("youtube", [QUOTED], "quotation"),
        ("youtube", [OWN, QUOTED], "link"),
        ("bluesky", [QUOTED], "quotation"),
        ("bluesky", [OWN, QUOTED], "quotation"),
        ("telegram", [OWN], "quotation"),
        ("x", [], "ids"),
    ],
)
def test_the_policy_follows_how_a_text_was_obtained(platform, sightings, share):
    assert terms.policy_for(post(platform, *sightings)).share == share


@pytest.mark.parametrize(
    ("platform", "withheld"), [("x", True), ("youtube", True), ("mastodon", False), ("feed", False)]
)
def test_outsiders_get_no_text_that_may_not_be_shared(platform, withheld):
    given = post(platform, OWN)
    shown = terms.apply(given, "public")
    assert shown["rights"] == {"policy": PLATFORMS[platform], "text_withheld": withheld}
    assert (shown["text"] is None) == withheld
    assert ("the words" in str(shown)) == (not withheld)
    assert shown["tags"][0]["topic"] == "reform"
    assert shown["url"] == given["url"]


@pytest.mark.parametrize("platform", ["x", "mastodon"])
def test_outsiders_learn_that_a_person_corrected_a_tag_and_not_who_or_why(platform):
    (tag,) = terms.apply(post(platform, OWN), "public")["tags"]
    assert tag["correction"] == {**CORRECTION, "name": None, "key": None, "note": None}
    assert terms.apply(post(platform, OWN), "internal")["tags"][0]["correction"] == CORRECTION


@pytest.mark.parametrize("platform", PLATFORMS)
def test_insiders_get_everything_and_are_told_the_policy(platform):
    given = post(platform, OWN)
    assert terms.apply(given, "internal") == {
        **given,
        "rights": {"policy": PLATFORMS[platform], "text_withheld": False},
        "erasure": None,
    }


def test_outsiders_learn_the_cause_of_an_erasure_and_not_the_operator_s_words():
    told = {"cause": "request", "reason": "asked by its author", "at": "2026-09-01T12:00:00Z"}
    erased = {**post("mastodon", OWN), "text": None, "erasure": told}
    assert terms.apply(erased, "public")["erasure"] == {**told, "reason": None}
    assert terms.apply(erased, "internal")["erasure"] == told


def test_the_post_itself_stays_as_it_was():
    given = post("x", OWN)
    terms.apply(given, "public")
    assert given == post("x", OWN)


@pytest.mark.parametrize("wish", terms.wishes())
def test_an_authors_wish_keeps_the_text_from_outsiders(wish):
    asked = {**post("mastodon", OWN), "labels": ["sensitive", wish]}
    assert terms.apply(asked, "public")["text"] is None
    assert terms.apply(asked, "internal")["text"] == "the words"


def test_a_label_that_is_no_wish_withholds_nothing():
    assert terms.policy_for({**post("bluesky", OWN), "labels": ["graphic-media"]}).share == "full"
