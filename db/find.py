"""Which rows are these posts already? By id, by another id, by address, or as a quotation without id."""

import re
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from itertools import chain
from operator import attrgetter
from typing import Any

from sqlalchemy import and_, or_, select, text
from sqlmodel import Session

from core import ids, times
from core.post import METRICS, SeenPost
from core.post import Account as SeenAccount
from core.text import squeeze
from db import accounts, hearsay, rekey
from db.current import CURRENT
from db.models import Account, Alias, Erasure, Post, Version
from db.proof.digests import of_text
from db.query import first_key
from db.upsert import among, insert_quietly, is_sqlite, table

PAGES = ("feed", "article")  # one canonical address is one post, whichever of them showed it
_LINKS = re.compile(r"https?://\S+|pic\.twitter\.com/\S+")
_LEAST = 40  # folded characters that a cut-off quotation must share with the whole text
_ZONES = timedelta(hours=38)  # a date is shown in the reader's zone, at midnight
_WITHOUT_ID = text(Post.WITHOUT_ID)
_TURN = text("SELECT pg_advisory_xact_lock(:kind, :turn)")
_TURNS = 0x6B6C65
FOR_GOOD = ("request", "retention")  # causes of an erasure after which a post does not come back
_post, _version, _alias, _account, _erasure = (table(m) for m in (Post, Version, Alias, Account, Erasure))


@dataclass(frozen=True, slots=True)
class Known:
    """A post with its current version. `erased` is why its text was erased, None where it was not."""

    id: int
    public_id: str
    url: str | None
    url_key: str | None
    kind: str
    synthetic: bool
    created_at: datetime
    precision: str
    deleted_at: datetime | None
    versions: int
    text: str
    links: list[str]
    media: list[dict[str, Any]]
    view: int
    seen_at: datetime
    source_id: int | None
    labels: list[str]
    revised_at: str | None
    counts: dict[str, int | None]
    recheck_at: datetime | None
    measured_at: datetime | None
    handle_key: str | None
    account: SeenAccount | None
    erased: str | None
    unconfirmed: bool  # gone by an import's word alone
    moved: bool = False  # to a better id or time just now: that is worth a version

    @property
    def forgotten(self) -> bool:
        """For good: it does not come back, whoever shows it."""
        return self.erased in FOR_GOOD


def known(session: Session, posts: Sequence[SeenPost], shared: Collection[str] = ()) -> dict[str, Known]:
    """Public id as seen -> the row it is. New ids of known posts become aliases on the way.

    Addresses in `shared` name no single post.
    """
    found = _by_id(session, posts)
    rest = [p for p in posts if p.id not in found]
    if rest:
        found |= _by_alias(session, rest)
        joined, moved = _joined(session, [p for p in rest if p.id not in found], shared)
        found = {public_id: moved.get(row.id, row) for public_id, row in found.items()} | joined
    return found


def _by_id(session: Session, posts: Sequence[SeenPost]) -> dict[str, Known]:
    wanted: dict[str, list[str]] = {}
    for post in posts:
        wanted.setdefault(post.platform, []).append(post.platform_id)
    tests = [
        and_(_post.c.platform == name, among(session, _post.c.platform_id, keys)) for name, keys in wanted.items()
    ]
    return {k.public_id: k for k in _load(session, or_(*tests))}


def _by_alias(session: Session, posts: Sequence[SeenPost]) -> dict[str, Known]:
    statement = select(_alias).where(among(session, _alias.c.public_id, [p.id for p in posts]))
    aliases = {r.public_id: r.post_id for r in session.execute(statement)}
    rows = {k.id: k for k in _load(session, among(session, _post.c.id, aliases.values()))} if aliases else {}
    return {public_id: rows[post_id] for public_id, post_id in aliases.items() if post_id in rows}


def wait_for_turn(session: Session, posts: Sequence[SeenPost]) -> None:
    """Until the end of this transaction nobody else looks for posts of these accounts and addresses (PostgreSQL):
    two writers would each find nothing and make one post twice."""
    if is_sqlite(session):
        return
    names = {address(p) for p in posts} | {
        accounts.key(p.account)[1] for p in posts if p.platform == "x" and p.account
    }
    turns = sorted({zlib.crc32(name.encode()) - (1 << 31) for name in names if name})
    for turn in turns:
        session.execute(_TURN, {"kind": _TURNS, "turn": turn})


def hold(session: Session, posts: dict[int, Known]) -> dict[int, Known]:
    """These posts as they are once nobody else can change them; those that moved away are left out."""
    if is_sqlite(session) or not posts:
        return posts  # its writers come one after the other anyway
    mine = select(_post.c.id).where(_post.c.id.in_(list(posts))).order_by(_post.c.id)
    found = list(session.execute(mine.with_for_update(key_share=True)).scalars())
    return {k.id: k for k in _load(session, _post.c.id.in_(found))}


def _joined(
    session: Session, posts: Sequence[SeenPost], shared: Collection[str]
) -> tuple[dict[str, Known], dict[int, Known]]:
    """Posts that turn out to be a known one: the row whose time is exact stays, the other id becomes an alias.

    The second table leads from the key of a row that moved to the row that it is now.
    """
    found: dict[str, Known] = {}
    moved: dict[int, Known] = {}
    candidates = (
        _by_other_id(session, posts),
        _by_address(session, posts, shared),
        _by_quotation(session, posts),
        _by_digest(session, posts),
    )
    for post, old in chain.from_iterable(candidates):
        if post.id in found or old.id in moved:
            continue
        found[post.id] = _join(session, post, old)
        if found[post.id].moved:
            moved[old.id] = found[post.id]
    return found, moved


def _join(session: Session, post: SeenPost, old: Known) -> Known:
    identified = post.platform == "x" and not post.platform_id.startswith("~") and "~" in old.public_id
    identified = identified or old.public_id in other_ids(post)
    identified = identified and not old.forgotten  # then the other id is all that is kept
    dated = old.precision != "second" and post.created_at and post.precision == "second" and not old.forgotten
    if identified or dated:
        key = rekey.rekey(session, old.id, post)
        return replace(_load(session, _post.c.id == key)[0], moved=True)
    insert_quietly(session, Alias, [{"public_id": post.id, "post_id": old.id}])
    return old


def other_ids(post: SeenPost) -> set[str]:
    """Further public ids of this post: X gives each edit one."""
    return {ids.public_id(post.platform, number) for number in post.other_ids}


def _by_other_id(session: Session, posts: Sequence[SeenPost]) -> list[tuple[SeenPost, Known]]:
    """A post that was seen under the id of a later edit first."""
    wanted = {number: post for post in posts for number in post.other_ids}
    if not wanted:
        return []
    platforms = {post.platform for post in wanted.values()}
    rows = _load(session, and_(_post.c.platform.in_(platforms), _post.c.platform_id.in_(list(wanted))))
    pairs = [(wanted[row.public_id.partition(":")[2]], row) for row in rows]
    return [(post, row) for post, row in pairs if row.public_id in other_ids(post)]


def _by_address(
    session: Session, posts: Sequence[SeenPost], shared: Collection[str]
) -> list[tuple[SeenPost, Known]]:
    wanted = {key: p for p in posts if (key := address(p)) and key not in shared}
    if not wanted:
        return []
    return [(wanted[k.url_key], k) for k in _load(session, among(session, _post.c.url_key, wanted)) if k.url_key]


def _by_digest(session: Session, posts: Sequence[SeenPost]) -> list[tuple[SeenPost, Known]]:
    """A forgotten post under an id of which nobody knew: letter by letter the same text, at its address or of its
    account about then. The address alone may be one that several entries share."""
    wanted: dict[str, list[SeenPost]] = {}
    for post in posts:
        if post.text.strip():
            wanted.setdefault(of_text(post.text), []).append(post)
    erased = among(session, _version.c.text_sha256, wanted), _version.c.erasure_id.is_not(None)
    columns = _version.c.post_id, _version.c.text_sha256
    said = session.execute(select(*columns).where(*erased)).all() if wanted else []
    rows = {k.id: k for k in _load(session, _post.c.id.in_([row.post_id for row in said]))} if said else {}
    pairs = [(post, rows[row.post_id]) for row in said for post in wanted[row.text_sha256] if row.post_id in rows]
    return [(post, row) for post, row in pairs if row.forgotten and _same_place(post, row)]


def _same_place(post: SeenPost, row: Known) -> bool:
    if row.url_key and post.url and ids.article_id(post.url) == row.url_key:
        return True
    owner = accounts.key(post.account) if post.account else None
    mine = owner is not None and row.account is not None and owner == accounts.key(row.account)
    return mine and (post.created_at is None or abs(post.created_at - row.created_at) <= _ZONES)


def address(post: SeenPost) -> str | None:
    """What posts at one canonical address have in common."""
    return ids.article_id(post.url) if post.url and post.platform in PAGES else None


def _by_quotation(session: Session, posts: Sequence[SeenPost]) -> list[tuple[SeenPost, Known]]:
    """An X post quoted without id is the one of the same account and day whose text begins alike."""
    dated = [p for p in posts if p.platform == "x" and p.account and p.created_at]
    if not dated:
        return []
    recovered = _x_rows(session, dated, _WITHOUT_ID)
    quoted = [p for p in dated if p.platform_id.startswith("~")]
    known = [row for p in quoted for row in _x_rows(session, [p], _near(p))]
    pairs = [(p, row) for p in dated for row in (known + recovered if p in quoted else recovered)]
    texts = _digests(session, [row.id for _, row in pairs if row.erased])
    found: dict[str, tuple[SeenPost, Known]] = {}
    for post, row in pairs:
        if post.id not in found and _one_post(post, row, texts):
            found[post.id] = (post, row)
    return list(found.values())


def _x_rows(session: Session, posts: Sequence[SeenPost], condition: Any) -> list[Known]:
    handles = {accounts.key(p.account)[1] for p in posts if p.account}
    owners = select(_account.c.id).where(_account.c.platform == "x", _account.c.handle_key.in_(handles))
    return _load(session, and_(_post.c.account_id.in_(owners), _post.c.platform == "x", condition))


def _near(post: SeenPost) -> Any:
    moment = post.created_at or times.EARLIEST
    return _post.c.id.between(first_key(moment - _ZONES), first_key(moment + _ZONES))


def _one_post(post: SeenPost, row: Known, texts: set[tuple[int, str]]) -> bool:
    """Of an erased text only the digest is there: letter by letter the same is recognised, one cut off is not."""
    same_account = post.account is not None and accounts.key(post.account)[1] == row.handle_key
    near = post.created_at is not None and abs(post.created_at - row.created_at) <= _ZONES
    if not (same_account and near):
        return False
    return (row.id, of_text(post.text)) in texts if row.erased else begins_alike(post.text, row.text)


def _digests(session: Session, keys: Sequence[int]) -> set[tuple[int, str]]:
    """(post, SHA-256 of the text) of all versions of these posts."""
    if not keys:
        return set()
    statement = select(_version.c.post_id, _version.c.text_sha256).where(_version.c.post_id.in_(keys))
    return {(row.post_id, row.text_sha256) for row in session.execute(statement)}


def begins_alike(one: str, other: str) -> bool:
    """True if the shorter is how the longer begins, links left out; cut-off words do not count."""
    a, b = (squeeze(_LINKS.sub(" ", t.replace("…", " "))) for t in (one, other))
    short, long = sorted((a, b), key=len)
    return short == long or (len(short) >= _LEAST and long.startswith(short))


def _load(session: Session, condition: Any) -> list[Known]:
    statement = select(
        _post.c.id, _post.c.platform, _post.c.platform_id, _post.c.url, _post.c.url_key, _post.c.kind,
        _post.c.synthetic,
        _post.c.created_at, _post.c.precision, _post.c.deleted_at, _post.c.versions,
        _version.c.text, _version.c.links, _version.c.media, _version.c.view, _version.c.seen_at,
        _version.c.source_id,
        _post.c.labels, _version.c.facts, _post.c.recheck_at, _post.c.measured_at,
        _account.c.handle_key, _account.c.handle,
        _account.c.platform.label("account_platform"), _erasure.c.cause.label("erased"),
        *(_post.c[name] for name in METRICS),
    ).join_from(_post, _version, CURRENT).join(_account, isouter=True).join(
        _erasure, _erasure.c.id == _post.c.erasure_id, isouter=True
    ).where(condition)  # fmt: skip
    return [_known(row) for row in session.execute(statement)]


_MADE = ("public_id", "revised_at", "counts", "account", "unconfirmed", "moved")
_COLUMNS = tuple(f.name for f in fields(Known) if f.name not in _MADE)
_columns = attrgetter(*_COLUMNS)


def _known(row: Any) -> Known:
    return Known(
        **dict(zip(_COLUMNS, _columns(row), strict=True)),
        public_id=ids.public_id(row.platform, row.platform_id),
        revised_at=row.facts.get("revised_at"),
        counts={name: getattr(row, name) for name in METRICS},
        account=SeenAccount(row.account_platform, row.handle) if row.handle else None,
        unconfirmed=hearsay.is_one(row.facts),
    )
