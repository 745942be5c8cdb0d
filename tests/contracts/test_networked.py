"""What every kind that reads the web promises, whichever it is: found by scan, each with its server in fakes/.

One result however often it looks, no post lost by a kill or a fault between any two requests, and every fault told
in a sentence. The kinds are held here on SQLite; tests/collector holds a round on both databases.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from collector import kinds
from collector.fetch import Fetcher
from core.errors import RateLimited
from core.guard import Guard
from core.outcome import GOOD
from core.page import Page
from core.post import Asked, SeenPost
from db.database import Database
from tests.collector.conftest import LOOPBACK
from tests.collector.looks import Looker
from tests.collector.platforms.api import Api, Said
from tests.collector.platforms.wallet import Wallet
from tests.contracts.fakes import absent, fake, networked

KINDS = networked()
IMAGE = b"\x89PNG\r\n\x1a\n" + bytes(300)
WAIT = {"Retry-After": "120"}


class Bench:
    """A kind, its server, and as many empty archives as a test wants."""

    def __init__(self, kind: str, api: Api, fetcher: Fetcher, folder: Path) -> None:
        self.kind = kind
        self.api = api
        self.options = {"kind": kind, **fake(kind).options(api.url)}
        self._fetcher = fetcher
        self._folder = folder
        self._opened: list[Database] = []
        fake(kind).say(api)

    def looker(self) -> Looker:
        database = Database(f"sqlite:///{self._folder / f'{len(self._opened)}.sqlite'}")
        database.migrate()
        self._opened.append(database)
        return Looker(database, self._folder, self._fetcher)

    def whole(self) -> tuple[dict[str, Any], list[str]]:
        """What an undisturbed round archives, and what it asks for."""
        look = self.looker()
        outcome = look(**self.options)
        assert outcome.ending == "ok", outcome.error
        asked = dict.fromkeys(self.api.since())
        return look.essence(), [path for path in asked if path != "/robots.txt"]  # which has tests of its own

    @contextmanager
    def broken(self, path: str, said: Said) -> Iterator[None]:
        """Meanwhile the server says something else at `path`."""
        self.api.fault = lambda asked: said if asked == path else None
        yield
        self.api.fault = lambda asked: None

    def close(self) -> None:
        for database in self._opened:
            database.close()


@pytest.fixture
def bench(request: pytest.FixtureRequest, api: Api, fetcher: Fetcher, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(request.param, api, fetcher, tmp_path)
    yield made
    made.close()


every_kind = pytest.mark.parametrize("bench", KINDS, indirect=True)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_that_reads_the_web_has_a_server_to_be_tested_with(kind: str) -> None:
    assert fake(kind).options("http://127.0.0.1:1")["base_url"]


@every_kind
def test_looking_twice_archives_one_result(bench: Bench) -> None:
    look = bench.looker()
    assert look(**bench.options).posts_new >= 2
    first = look.essence()
    assert look.later(**bench.options).ending in GOOD
    look.forget()  # so that everything comes again in full
    outcome = look.later(**bench.options)
    assert (outcome.ending, outcome.posts_new, outcome.posts_changed) == ("ok", 0, 0)
    assert look.essence() == first


@every_kind
def test_a_round_that_is_killed_between_any_two_pages_goes_on_and_loses_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, _ = bench.whole()
    after, cut = 0, True
    while cut:
        look = bench.looker()
        with monkeypatch.context() as dying:
            cut = _cut_after(after, bench.kind, dying, lambda: look(**bench.options))  # noqa: B023 - called at once
        assert look.later(**bench.options).ending in GOOD
        assert look.essence() == expected
        after += 1
    assert after >= 2, "there was something to cut"


def _cut_after(pages: int, kind: str, patch: pytest.MonkeyPatch, look: Callable[[], Any]) -> bool:
    """Look, and die before page number `pages` is taken; False where there is no such page."""
    module = import_module(f"collector.platforms.{kind}")
    fetch = module.fetch

    def dying(*arguments: Any) -> Iterator[Page]:
        for number, page in enumerate(fetch(*arguments)):
            if number == pages:
                raise KeyboardInterrupt
            yield page

    patch.setattr(module, "fetch", dying)
    try:
        look()
    except KeyboardInterrupt:
        return True
    return False


def told(bench: Bench, said: Said, ending: str, sentence: str, *, hurried: Fetcher | None = None) -> None:
    """At every place of a round the fault ends it as it should, and the next round has everything."""
    expected, paths = bench.whole()
    paths = [path for path in paths if not (said.status == 404 and absent(bench.kind, path))]
    for path in {paths[0], paths[-1]} if hurried and paths else paths:
        look = bench.looker()
        usual = look.fetcher
        look.fetcher = hurried or usual
        with bench.broken(path, said):
            outcome = look(**bench.options)
        assert outcome.ending == ending, (path, outcome)
        assert sentence in (outcome.error or ""), (path, outcome.error)
        assert "Error: " not in (outcome.error or ""), "a sentence, and no exception of ours"
        assert outcome.retry_after == (120 if said.headers == WAIT else None)
        stored = look.essence()
        assert all(expected[name]["kind"] == post["kind"] for name, post in stored.items())
        look.fetcher = usual
        assert look.later(**bench.options).ending in GOOD
        assert look.essence().keys() >= stored.keys()
        assert look.essence() == expected, path


@every_kind
@pytest.mark.parametrize("headers", [WAIT, {}], ids=["told how long", "not told"])
def test_a_limit_ends_the_round_as_rate_limited(bench: Bench, headers: dict[str, str]) -> None:
    told(bench, Said(b"slow down", 429, headers), "rate_limited", "too many requests")


@every_kind
def test_a_server_that_asks_to_wait_is_rate_limited(bench: Bench) -> None:
    told(bench, Said(b"", 503, WAIT), "rate_limited", "it asks to wait 120 s")


@every_kind
def test_a_missing_page_is_a_failure_where_it_is_no_answer_about_a_post(bench: Bench) -> None:
    told(bench, Said({"error": "Record not found"}, 404), "failed", "answered 404")


@every_kind
def test_a_broken_server_is_a_failure(bench: Bench) -> None:
    told(bench, Said({"error": "oh no"}, 500), "failed", "answered 500")


@every_kind
def test_what_cannot_be_read_is_a_failure(bench: Bench) -> None:
    told(bench, Said(IMAGE), "failed", "")


@every_kind
def test_a_body_that_is_cut_off_is_a_failure(bench: Bench) -> None:
    told(bench, Said(b"x" * 2000, how="cut"), "failed", "cannot be read")


@every_kind
def test_a_body_that_drips_is_a_failure(bench: Bench, tmp_path: Path) -> None:
    with Fetcher(Guard(LOOPBACK), base_dir=tmp_path, timeout=0.3, max_bytes=100_000) as hurried:
        told(bench, Said(b"x" * 2000, how="drip"), "failed", "slow", hurried=hurried)


@pytest.mark.parametrize("bench", [kind for kind in KINDS if kinds.kind(kind).recheck], indirect=True)
def test_a_recheck_says_what_it_asks_about_leaves_the_state_alone_and_stops_at_a_limit(
    bench: Bench, fetcher: Fetcher
) -> None:
    look = bench.looker()
    look(**bench.options)
    known = [Asked(post["platform_id"], post["kind"], post["url"]) for post in look.archived().values()]
    module: Any = kinds.kind(bench.kind)
    target = kinds.target("s", bench.kind, {k: v for k, v in bench.options.items() if k != "kind"})
    wallet, asked, pages = Wallet(100.0), {post.platform_id for post in known}, 0
    for page in module.recheck(target, fetcher.paying(wallet), look.state(), known):
        pages += 1
        if wallet.held:
            wallet.took(page.reads)
        assert page.about
        assert asked.issuperset(page.about)
        assert page.state == {}
        assert all(item.platform_id in page.about for item in module.parse(page) if isinstance(item, SeenPost))
    assert pages
    bench.api.fault = lambda path: Said(b"", 429, WAIT)
    with pytest.raises(RateLimited) as limited:
        list(module.recheck(target, fetcher.paying(Wallet(100.0)), look.state(), known))
    assert limited.value.retry_after == 120
