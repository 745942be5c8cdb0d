"""[[alert]] of kle.toml becomes rows: made when it appears, changed when it says something new, ended when it goes.

An alert is known by its name: one that comes back goes on as it was, with its secrets. What people made in the page
or by the API is left alone, whatever its name.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from alerts import saving
from alerts.desk import Desk
from core.alert import AlertForm
from core.errors import BadRequest, SettingsError
from db import alerts

OWNER = "kle.toml"


def sync(session: Session, forms: Sequence[AlertForm], desk: Desk, where: str, now: datetime) -> list[int]:
    """The numbers of those that were made or changed. Raises SettingsError, `where` being the file's name."""
    alerts.hold(session)  # of several processes that start at once, one makes them
    known = {row.name: row.id for row in alerts.all_of(session) if row.declared}
    done = []
    for form in forms:
        try:
            done += _put(session, form, known.get(form.name), desk, now)
        except BadRequest as error:
            raise SettingsError(f"{where}: [[alert]] {form.name}", form.query, error.message) from None
    for name in known.keys() - {form.name for form in forms}:
        saving.end(session, known[name], now)
    return done


def _put(session: Session, form: AlertForm, number: int | None, desk: Desk, now: datetime) -> list[int]:
    if number is None:
        number = saving.reopen(session, form.name)
    if number is None:
        return [saving.make(session, form, desk, OWNER, now, declared=True).id]
    return [number] if saving.declare(session, number, form, desk, now) else []
