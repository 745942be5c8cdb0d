"""Bluesky against a server that nobody here wrote: the reference PDS, where node and its packages are at hand.

npm install --prefix FOLDER (with pds/package.json in it), then KLE_TEST_PDS=FOLDER
"""

import ipaddress
import json
import os
import shutil
import struct
import subprocess
import urllib.request
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from collector.fetch import Fetcher
from collector.platforms import _bluesky_repository, bluesky
from core.errors import Refused
from core.guard import Guard
from core.post import Asked, Media, SeenPost
from tests.collector.platforms.rounds import Source

STARTED = Path(__file__).parent / "pds" / "start.cjs"
POST, REPOST = "app.bsky.feed.post", "app.bsky.feed.repost"
WHEN = "2026-05-04T07:00:00.000Z"
HERE = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


@dataclass
class Network:
    pds: str
    plc: str


@dataclass
class Account:
    """Somebody who writes on the server."""

    pds: str
    name: str
    did: str = ""
    token: str = ""

    def call(self, method: str, data: Any = None, content_type: str = "application/json") -> Any:
        body = data if isinstance(data, bytes) else b"" if data is None else json.dumps(data).encode()
        request = urllib.request.Request(f"{self.pds}/xrpc/{method}", body, method="POST")
        if body:
            request.add_header("content-type", content_type)
        if self.token:
            request.add_header("authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def join(self) -> "Account":
        about = {"handle": self.name, "email": f"{self.name}@mail.example", "password": "a long enough word"}
        made = self.call("com.atproto.server.createAccount", about)
        self.did, self.token = made["did"], made["accessJwt"]
        return self

    def write(self, collection: str, **record: Any) -> dict[str, str]:
        value = {"$type": collection, "createdAt": WHEN, **record}
        made = self.call(
            "com.atproto.repo.createRecord", {"repo": self.did, "collection": collection, "record": value}
        )
        return {"uri": made["uri"], "cid": made["cid"]}

    def put(self, collection: str, rkey: str, **record: Any) -> None:
        value = {"$type": collection, **record}
        self.call(
            "com.atproto.repo.putRecord",
            {"repo": self.did, "collection": collection, "rkey": rkey, "record": value, "validate": False},
        )

    def delete(self, collection: str, ref: dict[str, str]) -> None:
        about = {"repo": self.did, "collection": collection, "rkey": key(ref)}
        self.call("com.atproto.repo.deleteRecord", about)


def key(ref: dict[str, str]) -> str:
    return ref["uri"].rpartition("/")[2]


def picture() -> bytes:
    """The smallest PNG: one grey point."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\x80")) + chunk(b"IEND", b"")
    )


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    folder, node = os.environ.get("KLE_TEST_PDS", ""), shutil.which("node")
    if not node:
        pytest.skip("node is not installed")
    if not folder or not (Path(folder) / "node_modules" / "@atproto" / "dev-env").is_dir():
        pytest.skip("KLE_TEST_PDS names no folder in which the packages of pds/package.json are installed")
    process = subprocess.Popen(
        [node, str(STARTED)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={**os.environ, "LOG_ENABLED": "false", "KLE_TEST_PDS": str(Path(folder).resolve())},
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    try:
        said = process.stdout.readline()
        assert said, "the server ended before it began"
        yield Network(**json.loads(said))
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(20)


@pytest.fixture
def fetcher(tmp_path: Path) -> Iterator[Fetcher]:
    with Fetcher(Guard(HERE), base_dir=tmp_path, timeout=20) as made:
        yield made


def by_text(posts: list[SeenPost]) -> dict[str, SeenPost]:
    return {post.text or post.kind: post for post in posts}


def gone(source: Source, posts: list[SeenPost]) -> set[str]:
    known = [Asked(post.platform_id, post.kind, post.url) for post in posts]
    found = [
        item for page in bluesky.recheck(source.target, source.fetcher, {}, known) for item in bluesky.parse(page)
    ]
    assert len(found) == len(posts)
    return {item.platform_id for item in found if isinstance(item, SeenPost) and item.deleted}


def test_posts_edits_reposts_quotes_pictures_and_deletions_of_the_reference_server(
    network: Network, fetcher: Fetcher
) -> None:
    office, partner = Account(network.pds, "advisors.test").join(), Account(network.pds, "brigades.test").join()
    original = partner.write(POST, text="Six brigades report to one ministry.", langs=["en"])
    first = office.write(POST, text="Read more: office.example/a", langs=["en"], facets=[
        {"index": {"byteStart": 11, "byteEnd": 27}, "features": [
            {"$type": "app.bsky.richtext.facet#link", "uri": "https://office.example/a-long-title"}]}])  # fmt: skip
    blob = office.call("com.atproto.repo.uploadBlob", picture(), "image/png")["blob"]
    shown = {"$type": "app.bsky.embed.images", "images": [{"alt": "A grey point", "image": blob}]}
    office.write(POST, text="A picture", embed=shown)
    labels = {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "graphic-media"}]}
    office.write(POST, text="An answer", reply={"root": first, "parent": first}, labels=labels)
    office.write(POST, text="A quotation", embed={"$type": "app.bsky.embed.record", "record": original})
    repost = office.write(REPOST, subject=original)
    source = Source("bluesky", fetcher, account="@advisors.test", base_url=network.pds, via="repository")

    posts = source.look()
    found = by_text(posts)
    number = original["uri"].removeprefix("at://").replace(f"/{POST}", "")
    assert {text: post.kind for text, post in found.items()} == {
        "Read more: office.example/a": "post", "A picture": "post", "An answer": "reply", "A quotation": "quote",
        "repost": "repost",
    }  # fmt: skip
    assert {post.account.handle for post in posts if post.account} == {"@advisors.test"}
    assert {post.account.wishes for post in posts if post.account} == {()}
    assert found["Read more: office.example/a"].links == ("https://office.example/a-long-title",)
    assert found["repost"].repeats == found["A quotation"].repeats == f"bluesky:{number}"
    cid = blob["ref"]["$link"]
    url = f"https://cdn.bsky.app/img/feed_fullsize/plain/{office.did}/{cid}@jpeg"
    assert found["A picture"].media == (Media("image", url, "A grey point"),)
    assert found["An answer"].labels == ("graphic-media",)
    assert gone(source, posts) == set()

    office.put(POST, key(first), text="Read more, corrected", createdAt=WHEN)
    office.put("app.bsky.actor.profile", "self", labels={**labels, "values": [{"val": "!no-unauthenticated"}]})
    office.put("org.user-intents.declaration", "self", bulkDataset={"allow": False, "updatedAt": WHEN})
    again = by_text(source.look())
    edited = again["Read more, corrected"]
    assert edited.platform_id == found["Read more: office.example/a"].platform_id
    assert edited.account
    assert edited.account.wishes == ("!no-unauthenticated", "intent:bulk_dataset=disallow")

    office.delete(POST, first)
    office.delete(REPOST, repost)
    assert gone(source, posts) == {edited.platform_id, found["repost"].platform_id}
    assert set(by_text(source.look())) == {"A picture", "An answer", "A quotation"}


def test_a_server_is_found_by_the_directory_and_an_account_that_is_switched_off_is_told(
    network: Network, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_bluesky_repository, "_DIRECTORY", network.plc)
    quiet = Account(network.pds, "quiet.test").join()
    for n in range(120):
        quiet.write(POST, text=f"Post {n}")
    source = Source("bluesky", fetcher, account=quiet.did, via="repository")
    assert {post.text for post in source.look()} == {f"Post {n}" for n in range(120)}
    quiet.call("com.atproto.server.deactivateAccount", {})
    with pytest.raises(Refused, match=r"RepoDeactivated|switched this account off"):
        source.look()
    quiet.call("com.atproto.server.activateAccount")
    assert len(source.look()) == 100
