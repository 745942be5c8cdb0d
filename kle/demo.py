"""The bundled sample archive: configuration and the two conditions under which the demo is ready."""

from collections.abc import Callable
from pathlib import Path

from core import settings as knobs
from core import times
from core.settings import Settings
from db import sources, tags
from db.database import Database
from kle import runtime
from kle.readiness import Part

SAMPLE = Path(__file__).with_name("sample")


def settings() -> Settings:
    """Those of the sample's kle.toml; the environment counts as ever."""
    return knobs.load(SAMPLE / "kle.toml")


def waits(settings: Settings) -> bool:
    """Whether some of the sample is yet to be collected or tagged."""
    with runtime.archive(settings, sync=True) as (_, database):
        return any(parts(settings.tagging)(database).values())


def parts(tagging: bool) -> Callable[[Database], dict[str, Part]]:
    """The sample is collected when each of its sources was looked at once, and tagged when nothing waits."""

    def look(database: Database) -> dict[str, Part]:
        with database.read() as session:
            found = sources.list_sources(session, times.now())
            waiting = [s["name"] for s in found if s["enabled"] and not s["last_ok_at"]]
            untagged = tags.pending_count(session) if tagging else 0
        sample = f"not collected yet: {', '.join(waiting)}" if waiting else None
        return {"sample": sample, "tags": f"{untagged} versions wait" if untagged else None}

    return look
