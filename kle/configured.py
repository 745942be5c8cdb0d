"""The audit chain's lines on the configuration: which settings and tables of kle.toml hold, and since when.

Digests, never values: what a setting was can be shown from an old kle.toml, and a secret says nothing of itself.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from core import times
from core.secrecy import shown
from core.settings import Settings
from db import audit
from db.database import Database
from db.proof import digests

KIND = "settings"
Digests = dict[str, str]  # "settings/port", "source/oir-news" -> digest of what it says


def note(settings: Settings, database: Database) -> bool:
    """Tell the audit chain where this process's configuration is another than that of its newest line."""
    now = parts(settings)
    with database.read() as session:
        if _known(audit.last_of(session, KIND)) == now:
            return False
    with database.write() as session:
        before = _known(audit.last_of(session, KIND))
        detail = {"digest": digests.of(now), **_difference(before, now), "digests": now}
        audit.append(session, KIND, settings.config.name, detail, times.now())
    return True


def parts(settings: Settings) -> Digests:
    """Each setting, and each row of kle.toml's tables, with its digest; what may be a secret is left out of it."""
    knobs = settings.model_dump(mode="json", exclude={"config"})
    found = {f"settings/{name}": _digest(name, value) for name, value in knobs.items()}
    if "release" in settings.tables:
        found["release"] = _digest("release", settings.citation.model_dump(mode="json"))
    tables: dict[str, Sequence[BaseModel]] = {"source": settings.sources, "topic": settings.topics}
    tables |= {"actor": settings.actors, "reference": settings.references, "alert": settings.alerts}
    for table, rows in tables.items():
        for row in rows:
            said = row.model_dump(mode="json")
            found[f"{table}/{said.get('name' if table in ('source', 'alert') else 'slug')}"] = _digest(table, said)
    return found


def _digest(name: str, value: Any) -> str:
    return digests.of(_without_secrets(name, value))


def _without_secrets(name: str, value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_secrets(str(key), item) for key, item in value.items()}
        case list():
            return [_without_secrets(name, item) for item in value]
    return shown(name, value)


def _known(detail: dict[str, Any] | None) -> Digests:
    return detail["digests"] if detail else {}


def _difference(before: Digests, now: Digests) -> dict[str, list[str]]:
    return {
        "added": sorted(now.keys() - before.keys()),
        "changed": sorted(name for name in now.keys() & before.keys() if now[name] != before[name]),
        "removed": sorted(before.keys() - now.keys()),
    }
