"""Accounts: made at first sight; name and wishes are what their platform shows of them last."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session

from core.post import Account as SeenAccount
from db.models import Account
from db.upsert import among, insert_quietly, table

_account = table(Account)
Key = tuple[str, str]
_INTENT = "intent:"


def key(account: SeenAccount) -> Key:
    """Platform and handle, however it is written."""
    return key_of(account.platform, account.handle)


def key_of(platform: str, handle: str) -> Key:
    return platform, handle.lstrip("@").lower()


def without_actor(session: Session, handles: Iterable[str]) -> list[tuple[str, str]]:
    """(platform, handle) of those with these handles that belong to no actor."""
    keys = {handle.lstrip("@").lower() for handle in handles}
    statement = select(_account.c.platform, _account.c.handle).where(
        among(session, _account.c.handle_key, keys), _account.c.actor_id.is_(None)
    )
    rows = session.execute(statement.order_by(_account.c.platform, _account.c.handle))
    return [(row.platform, row.handle) for row in rows]


def ensure(session: Session, seen: Iterable[SeenAccount | None]) -> dict[Key, int]:
    """The ids of these accounts; unknown ones are added."""
    by_key = _telling(seen)
    known = _find(session, by_key)
    missing = {k: a for k, a in by_key.items() if k not in known}
    insert_quietly(session, Account, [
        {"platform": k[0], "handle": a.handle, "handle_key": k[1], "name": a.name, "wishes": list(a.wishes or ())}
        for k, a in sorted(missing.items())
    ])  # fmt: skip
    _refresh(session, by_key, known)
    known |= _find(session, missing)
    return {k: row.id for k, row in known.items()}


def refresh(session: Session, seen: Iterable[SeenAccount | None]) -> None:
    """What known accounts show of themselves now; unknown ones are left out."""
    by_key = _telling(seen)
    _refresh(session, by_key, _find(session, by_key))


def _wishes(shown: SeenAccount, known: list[str]) -> list[str]:
    """Intents stand in a record that few views read: they stay until a view tells of others."""
    if shown.wishes is None:
        return known
    tells = any(wish.startswith(_INTENT) for wish in shown.wishes)
    return [*shown.wishes, *(wish for wish in known if wish.startswith(_INTENT) and not tells)]


def _telling(seen: Iterable[SeenAccount | None]) -> dict[Key, SeenAccount]:
    """Each account as the view shows it that tells of its wishes, where there is one."""
    found: dict[Key, SeenAccount] = {}
    for account in filter(None, seen):
        told = found.get(key(account))
        found[key(account)] = account if told is None or told.wishes is None else told
    return found


def _find(session: Session, wanted: dict[Key, SeenAccount]) -> dict[Key, Any]:
    if not wanted:
        return {}
    columns = _account.c.id, _account.c.platform, _account.c.handle_key, _account.c.name, _account.c.wishes
    handles = sorted({handle for _, handle in wanted})
    rows = session.execute(select(*columns).where(among(session, _account.c.handle_key, handles)))
    found = {(r.platform, r.handle_key): r for r in rows}
    return {k: row for k, row in found.items() if k in wanted}


def _refresh(session: Session, seen: dict[Key, SeenAccount], known: dict[Key, Any]) -> None:
    """What a view of the account does not tell stays as it is known."""
    for k, row in sorted(known.items(), key=lambda pair: int(pair[1].id)):
        shown = seen[k]
        changed: dict[str, Any] = {"name": shown.name} if shown.name and shown.name != row.name else {}
        wishes = _wishes(shown, row.wishes)
        if wishes != row.wishes:
            changed["wishes"] = wishes
        if changed:
            session.execute(update(_account).where(_account.c.id == row.id).values(changed))
