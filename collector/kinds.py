"""The kinds of source that there are, and a source's options checked against its kind."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from collector.fetch import Fetcher
from collector.target import Options
from core import plugins
from core.errors import HIDDEN, SettingsError
from core.page import Page
from core.post import Asked, Problem, SeenPost
from core.secrecy import masked, shown

_PACKAGE = "collector.platforms"


Recheck = Callable[[Any, Fetcher, dict[str, Any], Sequence[Asked]], Iterator[Page]]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a module in collector/platforms offers.

    `fetch` yields nothing where nothing has changed. A module may leave out the rest: `recheck` asks for known
    posts by id, each page being about some of them, at most `MOST_RECHECKS` a round; `hint` is how long a page says
    that it stays as it is; `PRICED` that reading it costs money, of which its Target has a daily_budget_usd;
    `estimate(target, known posts, posts a day, prices, every)` what that will be, before anything is asked;
    `slices(path, url=..., account=...)` is a file in pages, with what lies beside it. `MEDIA_AS_ROBOT`: its posts'
    pictures are parts of pages, of which robots.txt speaks.
    """

    name: str
    Target: type[Options]
    fetch: Callable[[Any, Fetcher, dict[str, Any]], Iterator[Page]]
    parse: Callable[[Page], Iterator[SeenPost | Problem]]
    recheck: Recheck | None = None
    most_rechecks: int = 100
    hint: Callable[[Page], timedelta | None] = lambda page: None
    priced: bool = False
    estimate: Callable[..., Any] | None = None
    slices: Callable[..., Iterator[Page]] | None = None
    media_as_robot: bool = False


def names() -> list[str]:
    return plugins.names(_PACKAGE)


def kind(name: str) -> Kind:
    """Raises SettingsError that names the kinds that there are."""
    found = plugins.one(_PACKAGE, name)
    if found is None:
        raise SettingsError("kind", name, f"is no kind of source; there are {', '.join(names())}")
    offered = {"recheck": "recheck", "most_rechecks": "MOST_RECHECKS", "hint": "hint", "priced": "PRICED",
               "estimate": "estimate", "slices": "slices", "media_as_robot": "MEDIA_AS_ROBOT"}  # fmt: skip
    more = {field: getattr(found, said) for field, said in offered.items() if hasattr(found, said)}
    return Kind(name, found.Target, found.fetch, found.parse, **more)


def target(source: str, kind_name: str, options: dict[str, Any]) -> Options:
    """A source's options as its kind takes them. Raises SettingsError that says what to write."""
    form = kind(kind_name).Target
    try:
        return form.model_validate(options)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    secret = not name or (name in form.model_fields and not form.model_fields[name].repr)
    value = HIDDEN if secret else shown(name, first["input"])  # without a name it is all of them
    where = ".".join([f"[[source]] {source}", *map(str, first["loc"])])
    if first["type"] == "extra_forbidden":
        known = ", ".join(sorted(form.model_fields, key=Options.model_fields.__contains__))  # its own first
        raise SettingsError(
            where, shown(name, first["input"]), f"is no option of kind {kind_name}; there are {known}"
        )
    if first["type"] == "missing":
        raise SettingsError(where, None, f"is missing; kind {kind_name} needs it")
    raise SettingsError(where, value, masked(first["msg"].removeprefix("Value error, ")))
