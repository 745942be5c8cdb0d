"""The kinds of source that there are, and a source's options checked against its kind."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol, cast

from pydantic import ValidationError

from collector.fetch import Fetcher
from collector.target import Options
from core import plugins
from core.errors import SettingsError
from core.page import Page
from core.post import Problem, SeenPost

_PACKAGE = "collector.platforms"


class Kind(Protocol):
    """What a module in collector/platforms offers. `fetch` yields nothing where nothing has changed."""

    Target: type[Options]
    fetch: Callable[[Any, Fetcher, dict[str, Any]], Iterator[Page]]
    parse: Callable[[Page], Iterator[SeenPost | Problem]]


def names() -> list[str]:
    return plugins.names(_PACKAGE)


def kind(name: str) -> Kind:
    """Raises SettingsError that names the kinds that there are."""
    found = plugins.one(_PACKAGE, name)
    if found is None:
        raise SettingsError("kind", name, f"is no kind of source; there are {', '.join(names())}")
    return cast(Kind, found)


def target(source: str, kind_name: str, options: dict[str, Any]) -> Options:
    """A source's options as its kind takes them. Raises SettingsError that says what to write."""
    form = kind(kind_name).Target
    try:
        return form.model_validate(options)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    where = ".".join([f"[[source]] {source}", *map(str, first["loc"])])
    if first["type"] == "extra_forbidden":
        known = ", ".join(form.model_fields)
        raise SettingsError(where, first["input"], f"is no option of kind {kind_name}; there are {known}")
    if first["type"] == "missing":
        raise SettingsError(where, None, f"is missing; kind {kind_name} needs it")
    raise SettingsError(where, first["input"], first["msg"].removeprefix("Value error, "))
