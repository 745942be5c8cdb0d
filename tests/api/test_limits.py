"""What takes too long is stopped, and an overload is told: 503 with what to do, and nothing hangs."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from api import limits, narrowing
from api.schemas import form
from db import posts
from tests.api.live import served
from tests.api.site import Site

ENDLESS = text(
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100000000000) SELECT count(*) FROM n"
)


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of posts that no database ends to make."""
    monkeypatch.setattr(posts, "page", lambda session, *_args, **_more: session.execute(ENDLESS))


def problem(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) >= 1
    assert "etag" not in answer.headers and "public" not in answer.headers["cache-control"]
    form.Problem.model_validate(answer.json())
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.usefixtures("endless")
def test_a_search_that_takes_too_long_says_what_to_narrow(shared: Site) -> None:
    near = shared.inside(request_seconds=0.2)
    told = problem(near.get("/api/v1/posts", params={"q": "a* reform"}))
    assert told["title"] == "Took too long" and "0.2 seconds" in told["detail"]
    assert told["narrow"][0] == "write more letters before the *" and "add since or until" in told["detail"]
    assert near.get("/api/v1/topics").status_code == 200
    assert shared.database._engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert 'kle_http_refused_total{cause="slow"} 1.0' in near.get("/metrics").text


@pytest.mark.usefixtures("endless")
def test_a_page_that_takes_too_long_is_a_page(shared: Site) -> None:
    answer = shared.inside(request_seconds=0.2).get("/", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert "add since or until" in answer.text


@pytest.mark.parametrize(
    "path", ["posts", "timeline", "facets", "coverage", "topics", "posts/file:office.example/1"]
)
def test_every_read_of_the_archive_keeps_the_limit(shared: Site, path: str) -> None:
    problem(shared.inside(request_seconds=1e-9).get(f"/api/v1/{path}"))


def test_without_a_limit_nothing_is_stopped(shared: Site) -> None:
    assert shared.inside(request_seconds=0).get("/api/v1/posts").status_code == 200


@pytest.mark.parametrize(
    ("path", "asked", "hints"),
    [
        ("/api/v1/posts", {"q": "pesh*"}, ["write more letters", "add since or until", "add a rarer word"]),
        ("/api/v1/posts", {"as_of": "2025-01-01", "since": "2024-01-01"}, ["leave as_of out", "add a word"]),
        ("/api/v1/timeline", {"interval": "hour"}, ["add since or until", "add a word", "take a wider interval"]),
        ("/", {"sort": "likes", "q": "since:2025-01-01"}, ["add a rarer word", "sort by newest"]),
        ("/api/v1/runs", {"until": "2025-01-01"}, ["ask for less"]),
    ],
)
def test_hints_follow_the_parts_of_the_search(path: str, asked: dict[str, str], hints: list[str]) -> None:
    found = narrowing.hints(path, asked)
    assert len(found) == len(hints) and all(map(str.startswith, found, hints))


# -- overload -----------------------------------------------------------------------------------------------


class Held:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked: list[str] = []

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        self.asked.append(scope["path"])
        await self.go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def get(limited: Any, path: str, method: str = "GET", **more: Any) -> int:
    statuses: list[int] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": [], **more}
    await limited(scope, None, send)
    return statuses[0]


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch, shared: Site) -> Any:
    """Two read at once, one waits for a moment; `run(story)` tells a story of it."""
    monkeypatch.setattr(limits, "AT_ONCE", 2)
    monkeypatch.setattr(limits, "WAITING", 1)
    monkeypatch.setattr(limits, "WAIT_SECONDS", 0.05)
    return lambda story: asyncio.run(story(Held(), shared.app()))


def test_more_than_can_be_answered_hear_so(crowded: Any) -> None:
    async def story(held: Held, app: Any) -> None:
        limited = limits.LimitRequests(held, 10)
        asked = [asyncio.create_task(get(limited, "/api/v1/posts", app=app)) for _ in range(4)]
        refused = {await task for task in asked[2:]}  # one at once, one after its wait
        assert refused == {503} and len(held.asked) == 2
        held.go.set()
        assert [await task for task in asked[:2]] == [200, 200]
        assert await get(limited, "/api/v1/posts", app=app) == 200

    crowded(story)


def test_who_waits_is_answered_when_a_place_is_free(crowded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WAIT_SECONDS", 60)

    async def story(held: Held, app: Any) -> None:
        limited = limits.LimitRequests(held, 10)
        asked = [asyncio.create_task(get(limited, "/api/v1/posts", app=app)) for _ in range(3)]
        await asyncio.sleep(0)
        held.go.set()
        assert [await task for task in asked] == [200, 200, 200]

    crowded(story)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/static/base.css", "/api/v1/stream"])
def test_who_looks_after_the_server_waits_in_no_queue(crowded: Any, path: str) -> None:
    async def story(held: Held, app: Any) -> None:
        limited = limits.LimitRequests(held, 10)
        asked = [asyncio.create_task(get(limited, "/api/v1/posts", app=app)) for _ in range(2)]
        asked.append(asyncio.create_task(get(limited, path, app=app)))
        asked.append(asyncio.create_task(get(limited, "/api/v1/posts/x/tags/y", "PUT", app=app)))
        await asyncio.sleep(0)
        assert len(held.asked) == 4
        held.go.set()
        assert [await task for task in asked] == [200] * 4

    crowded(story)


def test_a_place_is_given_back_whatever_happens(crowded: Any) -> None:
    async def story(held: Held, app: Any) -> None:
        async def breaks(_scope: Any, _receive: Any, _send: Any) -> None:
            raise OSError("gone")

        limited = limits.LimitRequests(breaks, 10)
        for _ in range(5):
            with pytest.raises(OSError, match="gone"):
                await get(limited, "/api/v1/posts", app=app)
        limited.app = held
        left = [asyncio.create_task(get(limited, "/api/v1/posts", app=app)) for _ in range(2)]
        await asyncio.sleep(0)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        held.go.set()
        assert await get(limited, "/api/v1/posts", app=app) == 200

    crowded(story)


def test_an_overload_is_told_with_its_cause(shared: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "AT_ONCE", 0)
    monkeypatch.setattr(limits, "WAITING", 0)
    near: TestClient = shared.inside()
    told = problem(near.get("/api/v1/posts"))
    assert told["title"] == "Too busy" and "try again" in told["detail"]
    assert near.get("/healthz").status_code == near.get("/readyz").status_code == 200
    assert 'kle_http_refused_total{cause="busy"} 1.0' in near.get("/metrics").text


def test_a_crowd_of_slow_searches_hangs_nobody(shared: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """More clients than threads, connections and places, each with a search without end."""
    made = posts.page
    monkeypatch.setattr(posts, "page", lambda session, *_args, **_more: session.execute(ENDLESS))
    with served(shared.app(request_seconds=0.3)) as address:
        with ThreadPoolExecutor(64) as crowd, httpx.Client(base_url=address, timeout=60) as near:
            told = [crowd.submit(httpx.get, f"{address}/api/v1/posts", timeout=60) for _ in range(64)]
            assert near.get("/healthz").status_code == near.get("/readyz").status_code == 200
            answers = [future.result() for future in told]
        titles = Counter(problem(answer)["title"] for answer in answers)
        assert titles["Took too long"] >= limits.AT_ONCE and titles.total() == 64
        assert shared.database._engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        monkeypatch.setattr(posts, "page", made)
        assert httpx.get(f"{address}/api/v1/posts?limit=1").status_code == 200
