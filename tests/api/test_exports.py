"""/exports: asked for and checked at once, built by another process, fetched in parts, withdrawn."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from threading import Event
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from api.exporting import MOST_PENDING
from core.times import now
from db import audit, exports, work
from db.erasing.erase import REQUEST, Why, erase
from db.models import Export
from db.posts import key_of
from exports import store
from kle import building, exporting
from tests.api.site import POSTS, Site

ASKED = {"query": "", "format": "csv"}
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def client(site: Site) -> TestClient:
    made = site.outside()
    made.headers.update(site.key("export", name="researcher"))
    return made


def ask(client: TestClient, **more: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/exports", json={**ASKED, **more})
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert answer.headers["location"] == f"/api/v1/exports/{told['id']}"
    return told


def build(site: Site) -> None:
    building.build_all(site.settings, site.database, Event())


def test_it_waits_is_built_and_tells_what_is_in_it(site: Site, client: TestClient) -> None:
    told = ask(client, query="leaders")
    assert (told["state"], told["owner"], told["files"], told["zip"]) == ("waiting", "researcher", [], None)
    assert told["progress"] == {"posts": 0, "of": None, "anew": False}
    build(site)
    done = client.get(f"/api/v1/exports/{told['id']}").json()
    assert (done["state"], done["error"]) == ("done", None)
    assert done["progress"]["posts"] == done["progress"]["of"] == done["manifest"]["counts"]["posts"] == 1
    assert done["as_of"] == told["as_of"] == done["manifest"]["as_of"]
    assert {"posts.csv", "manifest.json", "README.md", "CITATION.cff"} <= {one["path"] for one in done["files"]}
    assert "[Data set]" in done["citation"] and "kle export leaders --format csv" in done["command"]
    assert done["expires_at"] > done["finished_at"]
    assert client.get("/api/v1/exports").json()["items"] == [done]


def test_the_command_is_the_one_that_its_readme_names(site: Site, client: TestClient) -> None:
    number = ask(client, query="leaders", columns=["versions.text", "text", "tags.topic"])["id"]
    build(site)
    command = client.get(f"/api/v1/exports/{number}").json()["command"]
    assert "--tables posts,tags,versions,metrics,sightings,runs" in command
    assert command in client.get(f"/api/v1/exports/{number}/file?path=README.md").text


def test_a_sample_counts_the_posts_that_are_drawn(site: Site, client: TestClient) -> None:
    number = ask(client, sample={"size": 3, "stratify": ["lang"]})["id"]
    small = ask(client, query="leaders", sample={"size": 100})["id"]
    build(site)
    for one, drawn in ((number, 3), (small, 1)):
        told = client.get(f"/api/v1/exports/{one}").json()
        assert told["progress"] == {"posts": drawn, "of": drawn, "anew": False}
        assert told["manifest"]["sample"]["drawn"] == drawn


def test_tables_without_posts_are_built(site: Site, client: TestClient) -> None:
    number = ask(client, tables=["tags"])["id"]
    build(site)
    told = client.get(f"/api/v1/exports/{number}").json()
    assert (told["state"], told["error"]) == ("done", None)
    names = {one["path"] for one in told["files"]}
    assert "tags.csv" in names and "posts.csv" not in names and "--tables tags" in told["command"]


def test_the_zip_is_fetched_whole_in_parts_and_not_twice(site: Site, client: TestClient) -> None:
    number = ask(client)["id"]
    build(site)
    told = client.get(f"/api/v1/exports/{number}").json()
    address = f"/api/v1/exports/{number}/file"
    whole = client.get(address)
    assert whole.headers["content-type"] == "application/zip"
    assert f'filename="{told["zip"]["path"]}"' in whole.headers["content-disposition"]
    assert told["zip"]["path"] == f"kle-export-{number}.zip"
    assert hashlib.sha256(whole.content).hexdigest() == told["zip"]["sha256"]
    assert whole.headers["etag"] == f'"{told["zip"]["sha256"]}"' and len(whole.content) == told["zip"]["bytes"]
    with zipfile.ZipFile(io.BytesIO(whole.content)) as packed:
        assert sorted(packed.namelist()) == sorted(one["path"] for one in told["files"])
    rest = client.get(address, headers={"Range": "bytes=100-", "If-Range": whole.headers["etag"]})
    assert rest.status_code == 206 and whole.content[:100] + rest.content == whole.content
    other = client.get(address, headers={"Range": "bytes=100-", "If-Range": '"of another file"'})
    assert other.status_code == 200 and other.content == whole.content
    beyond = client.get(address, headers={"Range": "bytes=99999999-"})
    assert beyond.status_code == 416
    held = client.get(address, headers={"If-None-Match": whole.headers["etag"]})
    assert (held.status_code, held.content) == (304, b"")
    head = client.head(address)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content)) and head.headers["accept-ranges"] == "bytes"


def test_one_file_of_it_and_no_other_of_this_machine(site: Site, client: TestClient) -> None:
    number = ask(client)["id"]
    build(site)
    for one in client.get(f"/api/v1/exports/{number}").json()["files"]:
        got = client.get(f"/api/v1/exports/{number}/file", params={"path": one["path"]})
        assert hashlib.sha256(got.content).hexdigest() == one["sha256"], one["path"]
        assert "content-encoding" not in got.headers and got.headers["etag"] == f'"{one["sha256"]}"'
    for path in ("../release.zip", "/etc/hostname", "nothing.csv", "../../kle.sqlite"):
        refused = client.get(f"/api/v1/exports/{number}/file", params={"path": path})
        assert refused.status_code == 404 and "posts.csv" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("asked", "said", "parameter"),
    [
        ({"format": "xlsx"}, "there is no format 'xlsx'", "format"),
        ({"tables": ["likes"]}, "there is no table 'likes'", "tables"),
        ({"columns": ["nonsense"]}, "'nonsense'", "columns"),
        ({"audience": "friends"}, "'public' or 'internal'", "audience"),
        ({"as_of": "someday"}, "someday", "as_of"),
        ({"query": "platform:x tipic:reform"}, "no filter tipic:", None),
        ({"query": "topic:nonsense"}, "nonsense", None),
        ({"query": '"never closed'}, "quotation mark is not closed", None),
        ({"sample": {"size": 5, "stratify": ["colour"]}}, "no stratum 'colour'", "stratify"),
        ({"sample": {"size": 0}}, "greater than or equal to 1", "sample"),
        ({"format": "jsonl", "bom": True}, "bom and raw are of csv", "format"),
        ({"colour": "blue"}, "Extra inputs", "colour"),
    ],
)
def test_what_there_is_not_is_told_at_once(
    client: TestClient, asked: dict[str, Any], said: str, parameter: str | None
) -> None:
    answer = client.post("/api/v1/exports", json={**ASKED, **asked})
    problem = answer.json()
    assert answer.status_code == 422 and said in problem["detail"], problem
    if parameter:
        assert problem["parameter"] == parameter
    else:
        assert problem["position"] >= 0
    assert client.get("/api/v1/exports").json()["items"] == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{'query'}", "the body is no JSON: Expecting property name enclosed in double quotes, at character 1"),
        (b"", "the body is empty: send a JSON object"),
        (b"[1]", "the body is no JSON object"),
        (b'"reform"', "the body is no JSON object"),
    ],
)
def test_a_body_that_cannot_be_read_is_told_in_clear_words(client: TestClient, body: bytes, said: str) -> None:
    answer = client.post("/api/v1/exports", content=body, headers={"Content-Type": "application/json"})
    problem = answer.json()
    assert answer.status_code == 422 and problem["detail"].startswith(said), problem
    assert (problem["parameter"], problem["errors"]) == ("body", [{"where": "body", "message": problem["detail"]}])
    other = client.post(
        "/api/v1/exports", content=b'{"query": "", "format": "csv"}', headers={"Content-Type": "text/plain"}
    )
    assert other.status_code == 422 and "Content-Type: application/json" in other.json()["detail"]


def test_the_same_asked_for_twice_waits_once_and_nobody_has_too_many(client: TestClient) -> None:
    first = ask(client)
    assert ask(client)["id"] == first["id"]
    for n in range(1, MOST_PENDING):
        ask(client, query=f"word{n}")
    refused = client.post("/api/v1/exports", json={**ASKED, "query": "more"})
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) > 0
    assert client.delete(f"/api/v1/exports/{first['id']}").status_code == 204
    ask(client, query="more")


def test_only_who_may_asks_and_only_whom_we_know_reads(site: Site, client: TestClient) -> None:
    number = ask(client)["id"]
    build(site)
    reader, stranger = site.outside(), site.outside(public_read=True)
    reader.headers.update(site.key("read"))
    assert reader.post("/api/v1/exports", json=ASKED).status_code == 403
    assert reader.delete(f"/api/v1/exports/{number}").status_code == 403
    assert site.inside().post("/api/v1/exports", json=ASKED).status_code == 401
    for path in ("exports", f"exports/{number}", f"exports/{number}/file"):
        assert reader.get(f"/api/v1/{path}").status_code == 200
        assert stranger.get(f"/api/v1/{path}").status_code == 401
    browser, token = site.signed_in("export")
    assert browser.post("/api/v1/exports", json=ASKED).status_code == 403
    assert browser.post("/api/v1/exports", json=ASKED, headers={"X-CSRF-Token": token}).status_code == 202


def test_an_internal_one_holds_what_a_public_one_withholds_and_the_chain_says_who_asked(
    site: Site, client: TestClient
) -> None:
    secret = POSTS[6].text.encode()
    bodies = {}
    for audience in ("public", "internal"):
        number = ask(client, audience=audience, query="platform:x")["id"]
        build(site)
        told = client.get(f"/api/v1/exports/{number}").json()
        bodies[audience] = client.get(f"/api/v1/exports/{number}/file?path=posts.csv").content
        assert bool(told["withheld"]) == (audience == "public")
    assert secret in bodies["internal"] and secret not in bodies["public"]
    with site.database.read() as session:
        lines = audit.listed(session, 10)
    asked = [line["detail"] for line in lines if line["kind"] == "export"]
    assert [(one["did"], one["by"]["name"], one["audience"]) for one in asked] == [
        ("asked", "researcher", "internal"), ("asked", "researcher", "public"),
    ]  # fmt: skip
    made = [line["detail"] for line in lines if line["kind"] == "release"]
    assert [(one["by"], one["audience"]) for one in made] == [("researcher", "internal"), ("researcher", "public")]


def test_its_files_cannot_be_had_before_and_after(site: Site, client: TestClient) -> None:
    number = ask(client)["id"]
    file = f"/api/v1/exports/{number}/file"
    early = client.get(file)
    assert early.status_code == 409 and "waits for its turn" in early.json()["detail"]
    assert int(early.headers["retry-after"]) > 0
    build(site)
    client.delete(f"/api/v1/exports/{number}")
    assert client.get(f"/api/v1/exports/{number}").json()["bytes"] is None
    late = client.get(file)
    assert late.status_code == 410 and "withdrawn by researcher" in late.json()["detail"]
    exporting.clear(site.settings.data_dir, site.database)
    assert not list(store.root(site.settings.data_dir).iterdir())
    other = ask(client)["id"]
    build(site)
    with site.database.write() as session:
        exports.clear(session, [other], site.database and exports.get(session, other).finished_at)
    assert client.get(f"/api/v1/exports/{other}").json()["state"] == "expired"
    gone = client.get(f"/api/v1/exports/{other}/file")
    assert gone.status_code == 410 and "builds it again" in gone.json()["detail"]
    assert client.get("/api/v1/exports/99/file").status_code == 404


def test_one_whose_process_died_says_that_it_begins_anew(site: Site, client: TestClient) -> None:
    number = ask(client)["id"]

    def begin(worker: str) -> None:
        with site.database.write() as session:
            exports.claim(session, worker, now())
            exports.note_posts(session, number, np.arange(9))
            exports.keep_up(session, number, worker, now(), 4)

    begin("host:1:a")
    assert client.get(f"/api/v1/exports/{number}").json()["progress"] == {"posts": 4, "of": 9, "anew": False}
    with site.database.write() as session:
        work.release_dead(session, Export, "host", lambda _: False, now())
    told = client.get(f"/api/v1/exports/{number}").json()
    assert (told["state"], told["progress"]) == ("waiting", {"posts": 0, "of": None, "anew": True})
    assert "it begins anew" in client.get(f"/api/v1/exports/{number}/file").json()["detail"]
    begin("host:2:b")
    assert client.get(f"/api/v1/exports/{number}").json()["progress"] == {"posts": 4, "of": 9, "anew": True}
    build(site)
    client.delete(f"/api/v1/exports/{number}")
    assert client.get(f"/api/v1/exports/{number}").json()["progress"]["anew"] is False


def test_the_same_request_gives_the_same_bytes(site: Site, client: TestClient) -> None:
    sums = []
    for _ in range(2):
        number = ask(client, format="jsonl", as_of="2026-01-01")["id"]
        build(site)
        sums.append(client.get(f"/api/v1/exports/{number}").json()["zip"]["sha256"])
    assert sums[0] == sums[1]


def test_an_erased_text_goes_from_files_that_are_there(site: Site, client: TestClient) -> None:
    number = ask(client)["id"]
    build(site)
    text = POSTS[0].text.encode()
    assert text in client.get(f"/api/v1/exports/{number}/file?path=posts.csv").content
    with site.database.write() as session:
        name = f"{POSTS[0].platform}:{POSTS[0].platform_id}"
        erase(session, key_of(session, name), Why(REQUEST, "asked by its author", "a test"), POSTS[0].created_at)
    told = client.get(f"/api/v1/exports/{number}").json()
    assert told["state"] == "withdrawn" and "erased" in told["why"] and told["files"] == []
    assert client.get(f"/api/v1/exports/{number}/file").status_code == 410
    exporting.clear(site.settings.data_dir, site.database)
    assert not any(text in path.read_bytes() for path in site.settings.data_dir.rglob("posts.csv"))
    again = ask(client, as_of=told["as_of"])["id"]
    build(site)
    assert text not in client.get(f"/api/v1/exports/{again}/file?path=posts.csv").content
