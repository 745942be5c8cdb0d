"""What every kind of source promises, whichever it is: found by scan, so a new kind is tested as it arrives.

Payloads lie in payloads/<kind>/, each with what it must become in <name>.expected.json: the page's address and
type, and the posts in the API's form (or the error of an item). All of them are invented and marked synthetic.
"""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector import kinds
from collector.target import Options
from core.errors import ParseError, SettingsError
from core.page import Page
from core.post import Problem, SeenPost, to_json

PAYLOADS = Path(__file__).parent / "payloads"
SEEN = datetime(2026, 6, 1, tzinfo=UTC)
CASES = sorted(p for p in PAYLOADS.glob("*/*") if not p.name.endswith(".expected.json"))
quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def page(path: Path, body: bytes | None = None) -> Page:
    about = json.loads(path.with_name(path.name + ".expected.json").read_text("utf-8"))
    headers = {"content-type": about["content_type"]}
    return Page(about["url"], path.read_bytes() if body is None else body, SEEN, headers=headers)


def read(kind: str, payload: Page) -> list[dict[str, Any]]:
    return [_form(item) for item in kinds.kind(kind).parse(payload)]


def _form(item: SeenPost | Problem) -> dict[str, Any]:
    return {"error": item.error} if isinstance(item, Problem) else to_json(item)


def test_every_kind_has_payloads() -> None:
    assert {case.parent.name for case in CASES} == set(kinds.names())


@pytest.mark.parametrize("name", kinds.names())
def test_a_kind_has_target_fetch_and_parse(name: str) -> None:
    kind = kinds.kind(name)
    assert issubclass(kind.Target, Options)
    assert callable(kind.fetch)
    assert callable(kind.parse)


@pytest.mark.parametrize("name", kinds.names())
def test_an_unknown_option_is_named_with_those_that_exist(name: str) -> None:
    with pytest.raises(SettingsError, match=r"colour.*is no option of kind.*there are"):
        kinds.target("s", name, {"path": "x", "colour": "red"})


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.parent.name}/{c.name}")
def test_a_recorded_payload_becomes_the_expected_posts(case: Path) -> None:
    about = json.loads(case.with_name(case.name + ".expected.json").read_text("utf-8"))
    assert read(case.parent.name, page(case)) == about["items"]


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.parent.name}/{c.name}")
def test_parse_is_pure_and_gives_no_id_twice(case: Path) -> None:
    payload = page(case)
    first, again = read(case.parent.name, payload), read(case.parent.name, payload)
    assert first == again
    ids = [item["id"] for item in first if "id" in item]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.parent.name}/{c.name}")
def test_a_payload_cut_anywhere_gives_posts_problems_or_a_parse_error(case: Path) -> None:
    body = case.read_bytes()
    for end in range(0, len(body), max(1, len(body) // 40)):
        harmless(case.parent.name, page(case, body[:end]))


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.parent.name}/{c.name}")
@quick
@given(data=st.data())
def test_a_damaged_payload_gives_posts_problems_or_a_parse_error(case: Path, data: st.DataObject) -> None:
    body = bytearray(case.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=12))
    harmless(case.parent.name, page(case, bytes(body)))


@pytest.mark.parametrize("name", kinds.names())
@quick
@given(
    body=st.binary(max_size=400) | st.text(max_size=200).map(str.encode),
    url=st.sampled_from(["", "https://a.example/b"]),
)
def test_garbage_gives_problems_or_a_parse_error(name: str, body: bytes, url: str) -> None:
    for kind_of_bytes in ("", "text/html", "text/plain; charset=utf-16", "application/xml; charset=nonsense"):
        harmless(name, Page(url, body, SEEN, headers={"content-type": kind_of_bytes}))


@pytest.mark.parametrize("name", kinds.names())
@pytest.mark.parametrize("body", [b"\x89PNG\r\n\x1a\n" + bytes(300), b"%PDF-1.7 ...", bytes(range(32)) * 40])
def test_what_is_no_text_is_refused_whole(name: str, body: bytes) -> None:
    with pytest.raises(ParseError):
        list(kinds.kind(name).parse(Page("https://a.example/", body, SEEN)))


def harmless(kind: str, payload: Page) -> None:
    """Reading it ends in posts that the archive can take, problems, or a ParseError with a sentence."""
    try:
        items = list(kinds.kind(kind).parse(payload))
    except ParseError as error:
        assert error.message
        return
    for item in items:
        if isinstance(item, SeenPost):
            assert item.platform_id
            assert "\x00" not in item.text
            item.text.encode()  # no lone surrogates
            json.dumps(to_json(item))
            assert item.created_at is None or item.created_at.tzinfo is UTC
        else:
            assert item.error


def test_gzip_is_read_by_kind_file() -> None:
    case = PAYLOADS / "file" / "posts.jsonl"
    assert read("file", page(case, gzip.compress(case.read_bytes()))) == read("file", page(case))


@pytest.mark.parametrize(("kind", "options"), [
    ("x", {"account": "office x", "token": "S3CRET"}), ("x", {"account": "@office", "token": ["S3CRET"]}),
    ("dvids", {"key": "S3CRET"}), ("dvids", {"query": "a", "key": 7}),
    ("x", {"account": "@office", "tokn_secret": "S3CRET"}), ("feed", {"url": "ftp://a.example/?api_key=S3CRET"}),
    ("feed", {"url": "https://a.example/", "token": "S3CRET"}),
])  # fmt: skip
def test_a_wrong_option_tells_no_secret(kind: str, options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as wrong:
        kinds.target("s", kind, options)
    assert "S3CRET" not in f"{wrong.value} {wrong.value.extra}"
