"""Accounts: made at first sight, renamed when their platform shows another name."""

from collections.abc import Iterable

from sqlalchemy import select, update
from sqlmodel import Session

from core.post import Account as SeenAccount
from db.models import Account
from db.upsert import insert_quietly, table

_account = table(Account)
Key = tuple[str, str]


def key(account: SeenAccount) -> Key:
    """Platform and handle, however it is written."""
    return key_of(account.platform, account.handle)


def key_of(platform: str, handle: str) -> Key:
    return platform, handle.lstrip("@").lower()


def ensure(session: Session, seen: Iterable[SeenAccount | None]) -> dict[Key, int]:
    """The ids of these accounts; unknown ones are added."""
    by_key = {key(a): a for a in seen if a}
    known = _find(session, by_key)
    missing = {k: a for k, a in by_key.items() if k not in known}
    insert_quietly(session, Account, [
        {"platform": k[0], "handle": a.handle, "handle_key": k[1], "name": a.name}
        for k, a in sorted(missing.items())
    ])  # fmt: skip
    _rename(session, by_key, known)
    known |= _find(session, missing)
    return {k: found[0] for k, found in known.items()}


def _find(session: Session, wanted: dict[Key, SeenAccount]) -> dict[Key, tuple[int, str | None]]:
    if not wanted:
        return {}
    columns = _account.c.id, _account.c.platform, _account.c.handle_key, _account.c.name
    handles = sorted({handle for _, handle in wanted})
    rows = session.execute(select(*columns).where(_account.c.handle_key.in_(handles)))
    found = {(r.platform, r.handle_key): (r.id, r.name) for r in rows}
    return {k: v for k, v in found.items() if k in wanted}


def _rename(session: Session, seen: dict[Key, SeenAccount], known: dict[Key, tuple[int, str | None]]) -> None:
    for k, (number, name) in sorted(known.items(), key=lambda pair: pair[1][0]):
        if seen[k].name and seen[k].name != name:
            session.execute(update(_account).where(_account.c.id == number).values(name=seen[k].name))
