"""Tags: decisions of a model on a version's topics. Re-tagging adds and closes, never overwrites."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from sqlalchemy import and_, func, select, update
from sqlmodel import Session

from core import garbage
from db import campaigns, clock, corrections, doubt, ledger, search, work
from db.current import CURRENT
from db.models import Post, Tag, TagModel, Topic, Version
from db.proof import digests
from db.upsert import Row, among, insert_all, insert_quietly, table

_DOUBLED = 10  # times that the wait for another try doubles: 17 hours at most
_tag, _topic, _version, _post, _model = table(Tag), table(Topic), table(Version), table(Post), table(TagModel)


class Score(Protocol):
    """One topic's score; evidence as offsets into the text, None where nothing speaks for it."""

    @property
    def topic(self) -> str: ...
    @property
    def probability(self) -> float: ...
    @property
    def threshold(self) -> float: ...
    @property
    def decision(self) -> str: ...
    @property
    def evidence_start(self) -> int | None: ...
    @property
    def evidence_end(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Pending:
    """A version that waits for its tags."""

    version_id: int
    post_id: int
    text: str


def register_model(session: Session, digest: str, card: dict[str, Any]) -> int:
    """The id under which this model's tags stand."""
    insert_quietly(session, TagModel, [{"digest": digest, "card": card}])
    return int(session.execute(select(_model.c.id).where(_model.c.digest == digest)).scalar_one())


def claim_versions(
    session: Session, worker: str, limit: int, now: datetime, campaign_id: int | None = None
) -> list[Pending]:
    """Live work first, newest first; bulk only when nothing live waits; last what is stale for this campaign."""
    waiting = _version.c.tag_priority.is_not(None)
    order = [_version.c.tag_priority, _version.c.id.desc()]
    keys = work.claim(session, Version, waiting, order, worker, now, limit)
    newest = [_version.c.campaign_id.desc(), _version.c.id.desc()]
    for stale in campaigns.ranges(campaign_id) if campaign_id and not keys else ():
        keys = keys or work.claim(session, Version, stale, newest, worker, now, limit)
    rows = session.execute(
        select(_version.c.id, _version.c.post_id, _version.c.text).where(among(session, _version.c.id, keys))
    )
    found = {r.id: Pending(r.id, r.post_id, r.text) for r in rows}
    return [found[key] for key in keys]


@garbage.paused()
def store(
    session: Session,
    model_id: int,
    results: Sequence[tuple[Pending, Sequence[Score]]],
    worker: str,
    now: datetime,
) -> int:
    """Write these decisions and let go of their versions; one whose claim was lost is left to its new holder.

    Where a person decided a topic, that stands, and the model's word on it goes to the history.
    """
    where = _posts_of(session, [p.version_id for p, _ in results])
    mine = work.still_mine(session, Version, sorted(where), worker)
    held = [(replace(p, post_id=where[p.version_id]), s) for p, s in results if p.version_id in mine]
    if not held:
        return 0
    posts = {p.post_id for p, _ in held}
    current, decided = _current_versions(session, posts), corrections.held_by_people(session, posts)
    slugs = {r.slug: r.id for r in session.execute(select(_topic.c.slug, _topic.c.id))}
    moments = clock.after_all_said(session, {p.version_id: p.post_id for p, _ in held}, now)
    _close(session, moments)
    rows, lines = [], []
    for pending, scores in held:
        at = moments[pending.version_id]
        made = [_row(pending, s, slugs[s.topic], model_id, at) for s in scores if s.topic in slugs]
        for row in made:
            holds = pending.version_id in current and (row["post_id"], row["topic_id"]) not in decided
            row["valid_to"] = None if holds else at
        digest = digests.of_tags([_said(s, model_id, at) for s in scores if s.topic in slugs])
        lines.append(ledger.Line("tags", ledger.tags_subject(pending.version_id, at), digest, at))
        rows += made
    insert_all(session, Tag, rows)
    ledger.append(session, lines)
    judged = {"tag_priority": None, "attempts": 0, "not_before": None}
    campaign_id = campaigns.join(session, model_id, now)
    work.finish(session, Version, sorted(mine & current), campaign_id=campaign_id, **judged)
    work.finish(session, Version, sorted(mine - current), campaign_id=None, **judged)
    doubt.refresh(session, posts)
    search.refresh(session, posts)
    return len(held)


def _close(session: Session, moments: Mapping[int, datetime]) -> None:
    """What models said of these versions holds until then."""
    for at in set(moments.values()):  # one, as long as the clock goes on
        of_then = [version_id for version_id, moment in moments.items() if moment == at]
        closing = and_(
            among(session, _tag.c.version_id, of_then), _tag.c.valid_to.is_(None), _tag.c.model_id.is_not(None)
        )
        session.execute(update(_tag).where(closing).values(valid_to=at))


def postpone(session: Session, failed: Sequence[Pending], worker: str, now: datetime) -> None:
    """Let go of what could not be judged; each try waits twice as long as the last."""
    mine = work.still_mine(session, Version, [p.version_id for p in failed], worker)
    for key, attempts in session.execute(select(_version.c.id, _version.c.attempts).where(_version.c.id.in_(mine))):
        wait = timedelta(minutes=2 ** min(attempts, _DOUBLED))
        work.finish(session, Version, [key], not_before=now + wait)


class _Said(NamedTuple):
    """A score as the ledger's digest reads a row."""

    slug: str
    model_id: int
    probability: float
    threshold: float
    decision: str
    evidence_start: int | None
    evidence_end: int | None
    valid_from: datetime


def _said(score: Score, model_id: int, now: datetime) -> _Said:
    evidence = score.evidence_start, score.evidence_end
    return _Said(score.topic, model_id, score.probability, score.threshold, score.decision, *evidence, now)


def _row(pending: Pending, score: Score, topic_id: int, model_id: int, now: datetime) -> Row:
    return {
        "version_id": pending.version_id,
        "post_id": pending.post_id,
        "topic_id": topic_id,
        "model_id": model_id,
        "probability": score.probability,
        "threshold": score.threshold,
        "decision": score.decision,
        "evidence_start": score.evidence_start,
        "evidence_end": score.evidence_end,
        "valid_from": now,
    }


def _posts_of(session: Session, version_ids: Sequence[int]) -> dict[int, int]:
    """Version -> its post now (it may have moved to a better key), which nobody else changes until we are done."""
    statement = select(_version.c.id, _version.c.post_id).where(among(session, _version.c.id, version_ids))
    posts = select(_post.c.id).where(_post.c.id.in_(statement.with_only_columns(_version.c.post_id)))
    session.execute(posts.order_by(_post.c.id).with_for_update(key_share=True)).all()
    return {row.id: row.post_id for row in session.execute(statement)}


def _current_versions(session: Session, post_ids: Collection[int]) -> set[int]:
    statement = (
        select(_version.c.id).join_from(_version, _post, CURRENT).where(among(session, _post.c.id, post_ids))
    )
    return set(session.execute(statement).scalars())


def pending_count(session: Session) -> int:
    statement = select(func.count()).select_from(_version).where(_version.c.tag_priority.is_not(None))
    return int(session.execute(statement).scalar_one())
