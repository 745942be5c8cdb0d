"""With the shipped model: what says the same in another language is near, and words find what means them."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from alerts.desk import Desk
from api.app import create_app
from classifier.fill import Pass
from classifier.model import SHIPPED, Model
from classifier.reading import Reader
from classifier.words import Words
from core import settings as knobs
from db.database import Database
from kle import runtime
from tests.api.site import client
from tests.kle.conftest import Kle
from tests.kle.test_import import record, write_lines

MEETINGS = {
    "en": "Coalition advisors met the commander of the brigade today to discuss the payroll of the peshmerga.",
    "ar": "التقى مستشارو التحالف اليوم قائد اللواء لمناقشة رواتب البيشمركة.",
    "ckb": "ئەمڕۆ ڕاوێژکارانی هاوپەیمانان چاویان بە فەرماندەی لیواکە کەوت بۆ گفتوگۆ لەسەر مووچەی پێشمەرگە.",
}
OTHERS = (
    ("en", "Forty soldiers finished a first aid course at the academy."),
    ("en", "The bridge over the river is closed for repairs until Friday."),
    ("en", "Two hundred families returned from the camp to their villages."),
    ("en", "The office is closed on the holiday; calls are answered on Sunday."),
    ("ar", "وصلت شحنة من المعدات الطبية إلى المستشفى صباح اليوم."),
    ("ar", "انخفضت درجات الحرارة في شمال البلاد وهطلت الأمطار."),
    ("ckb", "قوتابخانەکان لە سبەینێوە دەکرێنەوە دوای پشووی هاوین."),
    ("ckb", "بازاڕی سەوزە و میوە لە ناوەندی شار نۆژەن کرایەوە."),
)
FIRST, ARABIC, SORANI = (f"mastodon:office.example/{n}" for n in range(3))


@pytest.fixture
def said(kle: Kle, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive in three languages that the shipped model has tagged."""
    monkeypatch.setenv("KLE_MODEL", "")
    lines = [*MEETINGS.items(), *OTHERS]
    write_lines(Path("some.jsonl"), [record(n, text=said, lang=lang) for n, (lang, said) in enumerate(lines)])
    assert kle("import", "some.jsonl").exit_code == 0
    assert kle("classify").exit_code == 0


def served(settings: Any, database: Database) -> TestClient:
    return client(create_app(settings, database, dict, Desk.of(settings), runtime.words(settings)))


def test_translations_come_first_among_unrelated_posts(said: None) -> None:
    with runtime.archive() as (settings, database):
        api = served(settings, database)
        for asked, rest in ((FIRST, {ARABIC, SORANI}), (ARABIC, {FIRST, SORANI}), (SORANI, {FIRST, ARABIC})):
            items = api.get(f"/api/v1/posts/{asked}/similar").json()["items"]
            assert {item["id"] for item in items[:2]} == rest
            assert len(items) == len(MEETINGS) + len(OTHERS) - 1
        (only,) = api.get(f"/api/v1/posts/{FIRST}/similar", params={"lang": "ckb", "limit": 1}).json()["items"]
        assert only["id"] == SORANI


def test_words_find_what_means_them(said: None, kle: Kle) -> None:
    """Of posts that hold a word alike, those first that mean the whole of what was asked."""
    with runtime.archive() as (settings, database):
        api = served(settings, database)
        asked = {"q": "salaries OR talks OR brigade OR the", "sort": "relevance"}
        items = api.get("/api/v1/posts", params=asked).json()["items"]
        assert len(items) == len([1 for lang, _ in OTHERS if lang == "en"]) + 1 and items[0]["id"] == FIRST
    found = kle("search", "brigade OR the", "--sort", "relevance", "--json")
    assert json.loads(found.stdout)["items"][0]["id"] == FIRST


def test_without_heads_the_same_vectors_are_read(said: None) -> None:
    """As the tagger reads, so does who fills what is missing, and who reads a search."""
    model, reader = Model.load(SHIPPED), Reader.load(SHIPPED)
    texts = [*MEETINGS.values(), "", " ".join(MEETINGS.values()) * 4]
    tagged = [prediction.vector for prediction in model.predict(texts)]
    assert model.reader.digest == reader.digest
    assert np.allclose(reader.vectors(texts), tagged, atol=1e-5)
    assert np.allclose(words(reader)(MEETINGS["en"]), tagged[0], atol=1e-5)


def words(reader: Reader) -> Words:
    return Words(lambda: reader)


def test_many_threads_load_the_encoder_once() -> None:
    reader, loaded = Reader.load(SHIPPED), []
    read = Words(lambda: loaded.append(1) or reader)  # type: ignore[func-returns-value]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(read, ["payroll", "reform", "water"] * 8))
    assert len(loaded) == 1
    assert all(np.array_equal(one, found[n % 3]) for n, one in enumerate(found))


def test_who_tags_lends_the_encoder_to_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it tags, too: nothing is loaded twice, and neither disturbs the other."""
    model = Model.load(SHIPPED)
    monkeypatch.setattr(Reader, "load", None)
    read = runtime.words(knobs.load(model=""), model)
    assert read and read.digest == model.reader.digest
    texts, searches = [*MEETINGS.values()] * 8, ["payroll", "reform talks", "رواتب", "water"]
    alone = [words(model.reader)(said) for said in searches]
    with ThreadPoolExecutor(5) as pool:
        tagging = pool.submit(model.predict, texts)
        found = list(pool.map(read, searches * 4))
    assert len(tagging.result()) == len(texts)
    assert all(np.allclose(one, alone[n % 4], atol=1e-6) for n, one in enumerate(found))


def test_an_archive_of_before_is_filled_and_again_by_another_encoder(said: None) -> None:
    with runtime.archive() as (_, database):
        with database.write() as session:
            session.execute(text("DELETE FROM embedding"))
        passed = Pass(database, replace(Reader.load(SHIPPED), digest="another"))
        read = 0
        while not passed.done:
            read += passed.step()
        assert read == len(MEETINGS) + len(OTHERS)
        again = Pass(database, passed.reader)
        assert (again.step(), again.done) == (0, True)


@pytest.mark.parametrize(("model", "reads"), [("none", False), ("", True), ("owner/model", False)])
def test_who_does_not_tag_by_our_model_reads_no_searches(model: str, reads: bool) -> None:
    assert (runtime.words(knobs.load(model=model)) is not None) == reads
