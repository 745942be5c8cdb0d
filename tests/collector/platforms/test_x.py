"""X: nothing is asked before three things are said, nothing lost when a round breaks off, and no token seen."""

import contextlib
import json
import logging
from typing import Any

import pytest

from collector import kinds
from collector.fetch import Fetcher
from collector.platforms import x
from core.errors import FetchError, Gone, OverBudget, ParseError, RateLimited, Refused, SettingsError
from core.page import Page
from core.post import Asked, Problem, SeenPost, View
from core.times import now
from tests.collector.platforms.api import Api
from tests.collector.platforms.rounds import Source, ids
from tests.collector.platforms.wallet import Wallet
from tests.collector.platforms.x_server import OFFICE, X, made, number

TOKEN = "AAAA%3Dexample/token+of=nobody"
OPTIONS: dict[str, Any] = {"account": "@office_example", "token": TOKEN, "accept_terms": True}
USER_PATH = "/2/users/by/username/office_example"
PICTURE = {"attachments": {"media_keys": ["3_1"]}}


class Office(Source):
    """The account, looked at with a day's money."""

    def __init__(self, fetcher: Fetcher, api: Api, budget: float = 100.0, **more: Any) -> None:
        options = {**OPTIONS, "base_url": api.url, "daily_budget_usd": budget, **more}
        super().__init__("x", fetcher, **options)
        self.plain = fetcher
        self.new_day(budget)

    def new_day(self, budget: float) -> None:
        self.wallet = Wallet(budget)
        self.fetcher = self.plain.paying(self.wallet)

    def took(self, page: Page) -> None:
        if self.wallet.held:
            self.wallet.took(page.reads)

    def recheck(self, *known: str | Asked) -> list[list[SeenPost | Problem]]:
        found = []
        posts = [n if isinstance(n, Asked) else Asked(n, "post") for n in known]
        for page in x.recheck(self.target, self.fetcher, self.state, posts):  # type: ignore[arg-type]
            found.append(list(x.parse(page)))
            self.took(page)
        return found


@pytest.fixture
def server(api: Api) -> X:
    return X(api)


@pytest.fixture
def office(fetcher: Fetcher, api: Api, server: X) -> Office:
    return Office(fetcher, api)


def test_the_account_is_looked_up_once_and_new_posts_alone_are_asked_for(office: Office, server: X) -> None:
    server.shows(made(1), made(2))
    assert ids(office.look()) == [number(2), number(1)]
    lookup, timeline = server.since()
    assert (lookup["path"], timeline["path"]) == (USER_PATH, "/2/users/77/tweets")
    assert timeline["max_results"] == "100"
    assert "since_id" not in timeline
    server.shows(made(3))
    assert ids(office.look()) == [number(3)]
    assert [a["since_id"] for a in server.since()] == [number(2)]
    assert office.look() == []
    assert server.api.keys == {f"Bearer {TOKEN}"}


def test_what_was_read_is_what_the_server_charged_for(office: Office, server: X) -> None:
    server.others = {"5": {"id": "5", "text": "Original", "author_id": "88"}}
    server.shows(made(1, **PICTURE), made(2, "RT @a: Ori…", referenced_tweets=[{"type": "retweeted", "id": "5"}]))
    repost, post = office.look()
    assert (repost.text, repost.view, post.view, len(post.media)) == ("Original", View.FULL, View.FULL, 1)
    assert office.wallet.read == server.charged
    assert len(server.charged) == 5


@pytest.mark.parametrize("cut_after", [1, 2, 3])
def test_a_round_that_breaks_off_leaves_no_hole(office: Office, server: X, cut_after: int) -> None:
    server.shows(*(made(n) for n in range(250)))
    first = office.look(pages=cut_after)
    server.shows(made(300))
    rest = [*office.look(), *office.look()]
    assert sorted(set(ids(first + rest))) == sorted(server.posts)


def test_a_bound_on_pages_bounds_the_first_look_and_leaves_no_hole_in_the_next(
    fetcher: Fetcher, api: Api, server: X
) -> None:
    office = Office(fetcher, api, max_pages=2)
    server.shows(*(made(n) for n in range(250)))
    assert len(office.look()) == 200
    server.shows(*(made(n) for n in range(300, 700)))
    found = [post for _ in range(4) for post in office.look()]
    assert set(ids(found)) == {number(n) for n in range(300, 700)}


def test_where_a_token_is_not_known_any_more_the_id_goes_on(office: Office, server: X) -> None:
    server.shows(*(made(n) for n in range(120)))
    first = office.look(pages=2)
    server.tokens_expire = True
    assert sorted(ids(first + office.look())) == sorted(server.posts)
    assert server.since()[-1]["until_id"] == number(20)


def test_an_edit_comes_as_another_state_of_the_first_post_after_the_state_before(office: Office, server: X) -> None:
    history = [number(1), number(5)]
    server.others = {number(1): made(1, "Before")}
    server.shows(made(5, "After", edit_history_tweet_ids=history))
    before, after = office.look()
    assert [(p.platform_id, p.text, p.other_ids) for p in (before, after)] == [
        (number(1), "Before", (number(5),)), (number(1), "After", (number(5),)),
    ]  # fmt: skip
    assert before.revised_at and after.revised_at and before.revised_at < after.revised_at


def test_another_account_is_read_from_its_own_beginning(
    office: Office, server: X, fetcher: Fetcher, api: Api
) -> None:
    server.shows(made(5))
    office.look()
    moved = Office(fetcher, api, account="@office_example")
    moved.state = {**office.state, "of": "x elsewhere another"}
    moved.look(pages=1)
    server.since()
    assert ids(moved.look()) == [number(5)]
    assert [a.get("since_id") for a in server.since()] == [None]


def test_the_kind_says_that_it_costs_money() -> None:
    assert [name for name in kinds.names() if kinds.kind(name).priced] == ["x"]
    assert kinds.kind("x").recheck is x.recheck


# -- how rich ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("budget", "most", "expansions"),
    [(8.04, "20", "attachments.media_keys"), (1.97, "12", "referenced_tweets.id"), (0.57, "28", "")],
)
def test_pages_are_as_rich_as_the_days_money_allows(
    fetcher: Fetcher, api: Api, server: X, budget: float, most: str, expansions: str
) -> None:
    server.shows(made(1, **PICTURE))
    Office(fetcher, api, budget).look()
    timeline = server.since()[1]
    assert timeline["max_results"] == most
    assert ("attachments.media_keys" in timeline.get("expansions", "")) == (expansions == "attachments.media_keys")
    assert ("referenced_tweets.id" in timeline.get("expansions", "")) == bool(expansions)


def test_too_little_for_the_least_page_is_over_budget_and_nothing_is_asked(
    fetcher: Fetcher, api: Api, server: X
) -> None:
    office = Office(fetcher, api, 0.034)
    with pytest.raises(OverBudget):
        office.look()
    assert [a["path"] for a in server.since()] == [USER_PATH]


@pytest.mark.parametrize("budget", [0.05, 0.1, 0.3, 1.0, 3.0, 100.0])
def test_one_request_holds_a_quarter_of_the_day_at_most_or_the_least_one(
    fetcher: Fetcher, api: Api, server: X, budget: float
) -> None:
    server.shows(*(made(n, **PICTURE) for n in range(150)))
    office = Office(fetcher, api, budget)
    with contextlib.suppress(OverBudget):
        office.look()
        office.recheck(*server.posts)
    account, page, whole = 10_000, 5 * 5_000, (8 + 12) * 5_000 + 10_000  # each the least of its sort
    assert {held for held in office.wallet.reserved if held > budget * 250_000} <= {account, page, whole}
    assert len(office.wallet.reserved) > 1


def test_smaller_pages_reach_as_far_back(fetcher: Fetcher, api: Api, server: X) -> None:
    office = Office(fetcher, api, 6.0, max_pages=2)
    server.shows(*(made(n) for n in range(250)))
    assert 200 <= len(office.look()) < 250
    assert {a["max_results"] for a in server.since()[1:]} == {"14"}


def test_a_lost_answer_leaves_the_rest_of_the_day(office: Office, server: X) -> None:
    office.new_day(1.0)
    server.shows(made(1, **PICTURE), made(2))
    server.refuse(TIMELINE, b"<html>Sign in to this network</html>")
    for _ in range(2):
        with pytest.raises(ParseError):
            office.look()
    assert 0 < office.wallet.lost <= 500_000
    server.refuses.clear()
    assert set(ids(office.look())) == {number(1), number(2)}


def test_a_bare_answer_names_the_account_all_the_same(fetcher: Fetcher, api: Api, server: X) -> None:
    server.shows(made(1))
    (post,) = Office(fetcher, api, 0.1).look()
    assert post.account and (post.account.handle, post.account.name) == ("@office_example", "Office of Example")


def test_what_was_read_barely_is_read_whole_when_there_is_money(fetcher: Fetcher, api: Api, server: X) -> None:
    server.shows(made(1, **PICTURE), made(2))
    office = Office(fetcher, api, 0.1)
    assert [post.view for post in office.look()] == [View.FULL, View.ENTRY]
    office.new_day(5.0)
    server.since()
    (whole,) = office.look()
    assert (whole.platform_id, whole.view, len(whole.media)) == (number(1), View.FULL, 1)
    assert [a.get("ids") for a in server.since()] == [None, number(1)]
    assert office.look() == []


# -- rechecks ----------------------------------------------------------------------------------------------


def test_known_posts_are_asked_for_again_a_hundred_at_a_time(office: Office, server: X) -> None:
    server.shows(*(made(n, public_metrics={"like_count": n}) for n in range(120)))
    office.look()
    del server.posts[number(7)]
    server.hidden.add(number(8))
    server.since()
    first, second = office.recheck(*sorted(server.posts), number(7), "~0123456789abcdef")
    assert [len(a["ids"].split(",")) for a in server.since()] == [100, 20]
    posts = [item for item in first + second if isinstance(item, SeenPost)]
    assert [post.platform_id for post in posts if post.deleted] == [number(7)]
    assert all(post.metrics["likes"] is not None and post.account for post in posts if not post.deleted)
    (problem,) = [item for item in first + second if isinstance(item, Problem)]
    assert "Authorization Error" in problem.error
    assert ("media", "3_1") not in office.wallet.read


def test_rechecks_stop_where_the_days_money_does(fetcher: Fetcher, api: Api, server: X) -> None:
    server.shows(*(made(n) for n in range(30)))
    office = Office(fetcher, api, 0.1)
    with pytest.raises(OverBudget):
        office.recheck(*server.posts)
    assert [len(a["ids"].split(",")) for a in server.since()] == [5, 5, 5, 5]


EDITED = Asked(number(1), "post", None, ("999", number(5), number(3), "~0123456789abcdef"))


def test_an_edited_post_is_asked_for_by_its_newest_id(office: Office, server: X) -> None:
    server.shows(made(5, edit_history_tweet_ids=[number(1), number(3), number(5)]), made(7))
    ((post, other),) = office.recheck(EDITED, number(7))
    assert [a["ids"] for a in server.since()] == [f"{number(5)},{number(7)}"]
    assert isinstance(post, SeenPost) and isinstance(other, SeenPost)
    assert [(p.platform_id, p.deleted) for p in (post, other)] == [(number(1), False), (number(7), False)]


def test_an_edited_post_whose_newest_state_is_gone_is_deleted_and_told_once(office: Office, server: X) -> None:
    pages = list(x.recheck(office.target, office.fetcher, {}, [EDITED]))  # type: ignore[arg-type]
    assert [page.about for page in pages] == [(number(1), number(5))]
    (gone,) = x.parse(pages[0])
    assert isinstance(gone, SeenPost) and (gone.platform_id, gone.deleted) == (number(5), True)


def test_an_edited_post_of_which_x_says_nothing_is_one_problem(office: Office, server: X) -> None:
    server.refuse("/2/tweets", {"meta": {"result_count": 0}})
    ((problem,),) = office.recheck(EDITED)
    assert isinstance(problem, Problem) and problem.item == number(5)


def test_an_edited_post_that_is_asked_for_by_its_first_id_is_still_there(office: Office, server: X) -> None:
    newest = made(5, edit_history_tweet_ids=[number(1), number(5)])
    server.posts[number(1)] = newest
    ((post,),) = office.recheck(number(1))
    assert isinstance(post, SeenPost)
    assert (post.platform_id, post.deleted) == (number(1), False)


def test_what_x_neither_shows_nor_explains_is_no_deletion() -> None:
    body = json.dumps({"data": [made(1)]}).encode()
    post, problem = x.parse(Page("", body, now(), about=(number(1), number(2))))
    assert isinstance(post, SeenPost)
    assert isinstance(problem, Problem) and problem.item == number(2)


def test_a_source_that_reads_files_is_not_asked_again(fetcher: Fetcher) -> None:
    target = kinds.target("s", "x", {"path": "saved/*"})
    assert list(x.recheck(target, fetcher, {}, [Asked("1", "post")])) == []  # type: ignore[arg-type]


# -- refusals ----------------------------------------------------------------------------------------------

TIMELINE = "/2/users/77/tweets"
CAPPED = {"title": "UsageCapExceeded", "period": "Monthly", "scope": "Product",
          "detail": "Usage cap exceeded: Monthly product cap",
          "type": "https://api.twitter.com/2/problems/usage-capped"}  # fmt: skip
WINDOW = {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429}
NO_CREDITS = {"title": "CreditsDepleted", "detail": "Your enrolled account does not have any credits"}


def test_a_window_that_is_used_up_is_a_rate_limit_and_costs_nothing(office: Office, server: X) -> None:
    server.refuse(TIMELINE, WINDOW, 429, **{"Retry-After": "30"})
    with pytest.raises(RateLimited, match="Too Many Requests") as told:
        office.look()
    assert told.value.retry_after == 30
    assert (office.wallet.held, office.wallet.lost) == (0, 0)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [(429, CAPPED, "Monthly product cap"), (402, NO_CREDITS, "any credits"), (403, NO_CREDITS, "any credits"),
     (402, "?", "402"), (403, {**CAPPED, "reset_date": "2026-10-01"}, "2026-10-01")],
)  # fmt: skip
def test_a_cap_that_is_reached_is_over_budget_until_the_next_day(
    office: Office, server: X, status: int, body: Any, said: str
) -> None:
    server.refuse(TIMELINE, body, status)
    with pytest.raises(OverBudget, match=said) as told:
        office.look()
    assert told.value.retry_after == 3600
    assert "after midnight" in told.value.message
    assert office.wallet.held == 0


def test_an_answer_that_never_came_stays_paid(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office.fetcher, "_timeout", 0.0)
    with pytest.raises(FetchError):
        office.look()
    assert office.wallet.lost == 10_000


@pytest.mark.parametrize("server_of", ["http://127.0.0.1:1", "http://10.0.0.1"])
def test_a_request_that_never_left_costs_nothing(fetcher: Fetcher, api: Api, server_of: str) -> None:
    office = Office(fetcher, api, base_url=server_of)
    with pytest.raises(FetchError):
        office.look()
    assert office.wallet.held == office.wallet.lost == 0


def test_a_window_that_is_known_to_be_used_up_costs_nothing_and_is_not_asked(office: Office, server: X) -> None:
    later = str(int(now().timestamp()) + 600)
    server.refuse(TIMELINE, WINDOW, 429, **{"x-rate-limit-remaining": "0", "x-rate-limit-reset": later})
    for _ in range(2):
        with pytest.raises(RateLimited) as told:
            office.look()
        assert told.value.retry_after and 590 < told.value.retry_after <= 600
    assert [a["path"] for a in server.since()] == [USER_PATH, TIMELINE]
    assert office.wallet.held == office.wallet.lost == 0


def test_an_answer_that_cannot_be_read_stays_paid(office: Office, server: X) -> None:
    server.refuse(TIMELINE, b'{"data": [{"id"')
    with pytest.raises(ParseError):
        office.look()
    assert office.wallet.lost > 1_000_000
    assert office.state["timeline"] is None


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        ({"errors": [{"title": "Not Found Error", "detail": "Could not find user"}]}, Gone, "Could not find user"),
        ({"errors": [{"title": "Forbidden", "detail": "User has been suspended"}]}, Refused, "suspended"),
        ({"data": {**OFFICE, "protected": True}}, Refused, "protected"),
        ({}, Refused, "no id"),
        (b"{", FetchError, "does not say who"),
    ],
)
def test_an_account_that_x_does_not_show_is_told(
    office: Office, server: X, body: Any, kind: type[FetchError], said: str
) -> None:
    server.refuse(USER_PATH, body)
    with pytest.raises(kind, match=said):
        office.look()
    assert [a["path"] for a in server.since()] == [USER_PATH]


def test_an_account_that_became_protected_is_a_problem(office: Office, server: X) -> None:
    hidden = {"resource_id": "77", "resource_type": "user", "title": "Authorization Error", "detail": "Sorry."}
    server.refuse(TIMELINE, {"errors": [hidden]})
    (problem,) = office.everything()
    assert isinstance(problem, Problem) and "Authorization Error: Sorry." in problem.error


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "token right"), (403, "token right"), (404, "404"), (500, "500")]
)
def test_other_refusals_say_what_x_said_and_free_the_money(
    office: Office, server: X, status: int, advice: str
) -> None:
    server.refuse(USER_PATH, {"title": "No", "detail": f"Not with {TOKEN}"}, status)
    with pytest.raises(FetchError, match=advice) as told:
        office.look()
    assert "Not with ***" in told.value.message
    assert told.value.transient == (status == 500)
    assert office.wallet.held == office.wallet.lost == 0
    assert len(server.since()) == 1


# -- what is still to be said ------------------------------------------------------------------------------


def test_a_source_that_lacks_everything_loads_and_says_all_of_it_when_it_is_to_be_asked(
    fetcher: Fetcher, api: Api, server: X, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("X_BEARER_TOKEN", raising=False)
    bare = Source("x", fetcher, account="@office_example", base_url=api.url)
    with pytest.raises(Refused, match=r"X_BEARER_TOKEN.*accept_terms = true.*daily_budget_usd"):
        bare.look()
    assert api.asked == []


@pytest.mark.parametrize(("left_out", "said"), [("accept_terms", "accept_terms"), ("token", "X_BEARER_TOKEN")])
def test_each_missing_part_is_named_alone(
    fetcher: Fetcher, api: Api, left_out: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("X_BEARER_TOKEN", raising=False)
    options = {name: value for name, value in OPTIONS.items() if name != left_out}
    with pytest.raises(Refused) as told:
        Source("x", fetcher, **options, daily_budget_usd=1, base_url=api.url).look()
    assert said in told.value.message and "daily_budget" not in told.value.message


def test_the_token_may_stand_in_the_environment(
    fetcher: Fetcher, api: Api, server: X, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("X_BEARER_TOKEN", " abc\n")
    Office(fetcher, api, token="").look()
    assert api.keys == {"Bearer abc"}


def test_a_token_that_cannot_be_one_is_refused_unseen(fetcher: Fetcher, api: Api, server: X) -> None:
    with pytest.raises(Refused, match="copied whole") as told:
        Office(fetcher, api, token="abc\ndef").look()
    assert "def" not in told.value.message


def test_the_token_is_in_no_page_state_or_log(office: Office, server: X, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "collector")
    server.shows(*(made(n) for n in range(120)))
    pages = list(x.fetch(office.target, office.fetcher, {}))  # type: ignore[arg-type]
    told = " ".join([str(pages), str(office.target), *(r.getMessage() for r in caplog.records)])
    assert TOKEN not in told and len(pages) == 3


def test_without_a_purse_nothing_is_asked(fetcher: Fetcher, api: Api) -> None:
    with pytest.raises(Refused, match="costs money"):
        Source("x", fetcher, **OPTIONS, daily_budget_usd=1, base_url=api.url).look()
    assert api.asked == []


@pytest.mark.parametrize(
    "account",
    [
        "office_example",
        "@office_example",
        "https://x.com/office_example",
        "https://twitter.com/office_example/",
        "https://www.x.com/office_example?lang=en",
    ],
)
def test_an_account_is_named_in_several_ways(account: str) -> None:
    assert x.Target(account=account).handle == "office_example"


@pytest.mark.parametrize(
    "options",
    [{}, {"account": "two words"}, {"account": "@a", "daily_budget_usd": -1},
     {"account": "@a", "daily_budget_usd": float("inf")}, {"account": "https://x.com/a/status/1"}],
)  # fmt: skip
def test_an_option_that_cannot_be_meant_stops_the_start(options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        kinds.target("s", "x", options)
