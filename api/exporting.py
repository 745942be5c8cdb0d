"""Exports as the API and the page ask for them and tell of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlmodel import Session

from api.access import Caller
from api.buckets import TooOften
from api.deps import Context
from core import times
from core.errors import Forbidden, KleError
from core.export import ExportForm
from core.settings import Settings
from db import audit, exports
from exports import asked

MOST_PENDING = 5  # of one who asks
_SOON = 30  # seconds in which one of them may be done
PENDING = ("waiting", "running")


class NotYet(KleError):
    """Its files are not there, and may be."""

    status: ClassVar[int] = 409
    title: ClassVar[str] = "Not done"


class Over(KleError):
    """Its files were there, or would have been, and will not be again."""

    status: ClassVar[int] = 410
    title: ClassVar[str] = "Gone"


def ask(site: Context, form: ExportForm, who: Caller) -> int:
    """The number of the new export, which a process builds soon; of the one that waits already, where the same is
    asked for twice. Raises BadRequest, QueryError, Forbidden, TooOften."""
    now = times.now()
    wanted = asked.order(form, site.settings.citation)
    _check_audience(form, who)
    moment = asked.moment(site.database, wanted, form.pseudonymise)
    with site.database.write(lasting=True) as session:
        row: dict[str, Any] = {
            "query": form.query,
            "format": form.format,
            "audience": form.audience,
            "options": form.options,
            "as_of": moment,
            "owner": who.name,
        }
        pending = exports.pending(session, who.name)
        for before in pending:
            if all(getattr(before, name) == value for name, value in row.items()):
                return int(before.id)
        if len(pending) >= MOST_PENDING:
            raise TooOften(
                f"{MOST_PENDING} exports of yours wait already: withdraw one, or ask again when one is done",
                retry_after=_SOON,
            )
        number = exports.ask(session, row, now)
        said = {name: row[name] for name in ("query", "format", "audience")} | {"as_of": times.text(row["as_of"])}
        _tell(session, number, "asked", who, said, now)
    return number


def withdraw(site: Context, number: int, who: Caller) -> None:
    """Raises NotFound."""
    now = times.now()
    with site.database.write(lasting=True) as session:
        if exports.get(session, number).withdrawn_at is None:
            exports.withdraw(session, number, f"withdrawn by {who.name}", now)
            _tell(session, number, "withdrawn", who, {}, now)


def _check_audience(form: ExportForm, who: Caller) -> None:
    if form.audience == "internal" and not who.internal:
        raise Forbidden("an internal export is for those whom this archive knows")


def _tell(session: Session, number: int, did: str, who: Caller, said: dict[str, Any], now: datetime) -> None:
    by = {"kind": who.kind, "name": who.name, "key": who.credential_id}
    audit.append(session, "export", f"export/{number}", {"did": did, "by": by, **said}, now)


def zip_name(number: int) -> str:
    """Of the file in which all of it is fetched."""
    return f"kle-export-{number}.zip"


def told(settings: Settings, row: Any, now: datetime) -> dict[str, Any]:
    """One export in the API's form."""
    state, form = exports.state(row, now), asked.form_of(row)
    manifest = row.result.get("manifest")
    there = state == "done"
    return {
        "id": row.id,
        "state": state,
        **form.model_dump(mode="json"),
        "owner": row.owner,
        "asked_at": times.text(row.asked_at),
        "progress": _progress(row, now),
        "finished_at": _text(row.finished_at),
        "expires_at": times.text(row.finished_at + settings.exports_kept) if there else None,
        "error": row.error,
        "withdrawn_at": _text(row.withdrawn_at),
        "why": row.why,
        "bytes": row.bytes if there else None,
        "files": row.result.get("files", []) if there else [],
        "zip": {**row.result["zip"], "path": zip_name(row.id)} if there else None,
        "withheld": manifest["withheld"] if manifest else [],
        "manifest": manifest,
        **(asked.telling(manifest, settings.citation) if manifest else {"citation": None, "command": None}),
    }


def all_told(settings: Settings, rows: Sequence[Any], now: datetime) -> list[dict[str, Any]]:
    return [told(settings, row, now) for row in rows]


def require_done(row: Any, now: datetime) -> None:
    """Raises NotYet or Over where its files cannot be had, with what can be done."""
    state = exports.state(row, now)
    again = f"POST /api/v1/exports with the same and as_of={times.text(row.as_of)} builds it again"
    if state in PENDING:
        done = _progress(row, now)
        begun = (
            "it begins anew" if done["anew"] else "it waits for its turn" if state == "waiting" else "it has begun"
        )
        so_far = f"{done['posts']} of {done['of']} posts are written" if done["of"] else begun
        raise NotYet(f"export {row.id} is not done yet: {so_far}", retry_after=2, state=state)
    if state == "failed":
        raise NotYet(f"export {row.id} failed: {row.error}", state=state)
    if state == "withdrawn":
        raise Over(f"export {row.id} was withdrawn: {row.why}", state=state)
    if state == "expired":
        raise Over(f"the files of export {row.id} are not kept any more: {again}", state=state)


def _progress(row: Any, now: datetime) -> dict[str, Any]:
    waits = exports.state(row, now) == "waiting"  # what a try before had written is gone
    return {
        "posts": 0 if waits else row.posts,
        "of": None if waits else row.total,
        "anew": exports.is_anew(row, now),
    }


def _text(moment: datetime | None) -> str | None:
    return times.text(moment) if moment else None
