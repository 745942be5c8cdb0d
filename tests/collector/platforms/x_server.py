"""X on the loopback: timelines by id and token, lookups, and what it charged for; what is asked and no more."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.collector.platforms.api import Api, Said

OFFICE = {"id": "77", "username": "office_example", "name": "Office of Example"}
START = datetime(2026, 5, 4, 7, tzinfo=UTC)
_EPOCH = 1_288_834_974_657
NOT_FOUND = "https://api.twitter.com/2/problems/resource-not-found"
HIDDEN = "https://api.twitter.com/2/problems/not-authorized-for-resource"


def number(minute: int) -> str:
    """The id of a post made so many minutes after the start."""
    moment = START + timedelta(minutes=minute)
    return str((int(moment.timestamp() * 1000) - _EPOCH) << 22)


def made(minute: int, text: str = "", **more: Any) -> dict[str, Any]:
    """One post; a picture where `more` names media_keys, a repost or quote where it names referenced_tweets."""
    moment = START + timedelta(minutes=minute)
    base = {"id": number(minute), "text": text or f"Post {minute}", "author_id": "77", "lang": "en",
            "created_at": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "edit_history_tweet_ids": [number(minute)]}  # fmt: skip
    return {**base, **more}


class X(dict[str, Said]):
    """Stands in for the table of what an Api says."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self.api = api
        self.posts: dict[str, dict[str, Any]] = {}
        self.others: dict[str, dict[str, Any]] = {}
        self.hidden: set[str] = set()
        self.charged: set[tuple[str, str]] = set()
        self.refuses: dict[str, Said] = {}
        self.tokens_expire = False
        api.says = self

    def shows(self, *posts: dict[str, Any]) -> None:
        self.posts |= {post["id"]: post for post in posts}

    def refuse(self, path: str, body: Any, status: int = 200, **headers: str) -> None:
        self.refuses[path] = Said(body, status, headers)

    def since(self) -> list[dict[str, str]]:
        """The options of each request since somebody wanted to know, and its path as "path"."""
        found = []
        for url in self.api.since():
            parts = urlsplit(url)
            found.append({"path": parts.path, **{name: v[0] for name, v in parse_qs(parts.query).items()}})
        return found

    def get(self, path: str, default: Any = None) -> Any:
        parts = urlsplit(path)
        if parts.path in self.refuses:
            return self.refuses[parts.path]
        options = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/2/users/by/username/office_example":
            self.charged.add(("user", "77"))
            return Said({"data": OFFICE})
        if parts.path == "/2/users/77/tweets":
            return self._timeline(options)
        if parts.path == "/2/tweets":
            return Said(self._lookup(options))
        return default

    def _timeline(self, options: dict[str, str]) -> Said:
        before = options.get("until_id", "9" * 19)
        if token := options.get("pagination_token"):
            if self.tokens_expire:
                return Said({"title": "Invalid Request", "detail": "The token is not valid."}, 400)
            before = token.removeprefix("t")
        since, most = int(options.get("since_id", 0)), int(options["max_results"])
        assert 5 <= most <= 100
        rows = [p for n, p in sorted(self.posts.items(), reverse=True) if since < int(n) < int(before)]
        answer = self._answer(rows[:most], options)
        answer["meta"] = {"result_count": len(rows[:most])}
        if len(rows) > most:
            answer["meta"]["next_token"] = "t" + rows[most - 1]["id"]
        return Said(answer)

    def _lookup(self, options: dict[str, str]) -> dict[str, Any]:
        wanted = options["ids"].split(",")
        assert len(wanted) <= 100
        answer = self._answer([self.posts[n] for n in wanted if n in self.posts and n not in self.hidden], options)
        errors = [
            {"resource_id": n, "resource_type": "tweet", "value": n, "detail": f"About [{n}].",
             "title": "Authorization Error" if n in self.hidden else "Not Found Error",
             "type": HIDDEN if n in self.hidden else NOT_FOUND}
            for n in wanted if n in self.hidden or n not in self.posts
        ]  # fmt: skip
        return {**answer, "errors": errors} if errors else answer

    def _answer(self, rows: list[dict[str, Any]], options: dict[str, str]) -> dict[str, Any]:
        wanted = set(options.get("expansions", "").split(","))
        named = [ref["id"] for row in rows for ref in row.get("referenced_tweets", [])]
        earlier = [n for row in rows for n in row["edit_history_tweet_ids"] if n != row["id"]]
        beside = [*(named if "referenced_tweets.id" in wanted else []),
                  *(earlier if "edit_history_tweet_ids" in wanted else [])]  # fmt: skip
        tweets = [self.others[n] for n in dict.fromkeys(beside) if n in self.others]
        keys = [k for row in rows for k in row.get("attachments", {}).get("media_keys", [])]
        pictures = keys if "attachments.media_keys" in wanted else []
        includes = {
            "users": [OFFICE] if "author_id" in wanted and rows else [],
            "tweets": tweets,
            "media": [{"media_key": k, "type": "photo", "url": f"https://pbs.example/{k}"} for k in pictures],
        }
        self.charged |= {("post", p["id"]) for p in [*rows, *tweets]} | {("media", k) for k in pictures}
        self.charged |= {("user", u["id"]) for u in includes["users"]}
        filled = {name: found for name, found in includes.items() if found}
        return {**({"data": rows} if rows else {}), **({"includes": filled} if filled else {})}
