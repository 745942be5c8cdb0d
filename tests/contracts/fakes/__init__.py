"""A server for each kind that reads the web, one module a kind, found by scan: a new kind adds its file here.

A module offers `options(url)`, a source's options for its server at `url`, and `say(api)`, which teaches the server
at least two posts, on two pages or more where the kind has pages, and each by itself where `recheck` asks for it.
`ABSENT` (optional) are the starts of paths where 404 is an answer about one post, and not a failure.
"""

from typing import Any, Protocol, cast

from collector import kinds
from core import plugins
from tests.collector.platforms.api import Api


class Fake(Protocol):
    def options(self, url: str) -> dict[str, Any]: ...

    def say(self, api: Api) -> None: ...


def networked() -> list[str]:
    """The kinds that ask a server: those that can be pointed at another one."""
    return [name for name in kinds.names() if "base_url" in kinds.kind(name).Target.model_fields]


def fake(kind: str) -> Fake:
    found = plugins.one(__name__, kind)
    assert found, f"tests/contracts/fakes/{kind}.py is missing: every kind that reads the web has a server there"
    return cast(Fake, found)


def absent(kind: str, path: str) -> bool:
    return path.startswith(tuple(getattr(fake(kind), "ABSENT", ())))
