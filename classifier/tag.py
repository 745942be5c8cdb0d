"""Tags what waits in the archive and, behind it, what an earlier model judged: claim, predict outside of any
transaction, store, with the vector of what was read. What has tags but no vector is read behind all that.
"""

from collections.abc import Sequence

import structlog
from sqlmodel import Session

from classifier.model import Classifier, Prediction
from core import times
from db import campaigns, tags, vectors
from db.database import Database
from db.hold import Hold
from db.models import Version
from db.tags import Pending

BATCH = 32  # versions a round: well within the 30 s of a claim
_log = structlog.get_logger()


def tag_round(database: Database, model: Classifier, worker: str, limit: int = BATCH) -> int:
    """Tag up to `limit` waiting versions; how many were. 0 means that nothing waits.

    What another model judged is judged again only if `model` is the archive's (`adopt`).
    """
    with database.write() as session:
        present = campaigns.chosen(session)
        own = present.id if present and present.digest == model.digest else None
        pending = tags.claim_versions(session, worker, limit, times.now(), own)
        if not pending:  # the usual second: nothing is written
            return 0
        model_id = register(session, model)
    with Hold(database, Version, [p.version_id for p in pending], worker):  # long texts outlast a claim
        results = _predict(model, pending)
    failed = [p for p in pending if p.version_id not in {r.version_id for r, _ in results}]
    with database.write() as session:
        tags.postpone(session, failed, worker, times.now())
        stored = tags.store(session, model_id, [(p, found.topics) for p, found in results], worker, times.now())
        if model.reader:
            vectors.put(session, model.reader.digest, {p.version_id: found.vector for p, found in results})
        return stored


def adopt(database: Database, model: Classifier) -> None:
    """Make `model` the archive's: rounds with it judge again what others judged, behind what waits."""
    with database.write() as session:
        campaigns.adopt(session, register(session, model), times.now())


def register(session: Session, model: Classifier) -> int:
    """The id under which its tags stand. The archive keeps its card, and from which probability it tags: releases
    tell of models that are no more where they are made."""
    thresholds = dict(zip(model.topics, map(float, model.thresholds), strict=True))
    return tags.register_model(session, model.digest, {**model.card, "thresholds": thresholds})


def _predict(model: Classifier, pending: Sequence[Pending]) -> list[tuple[Pending, Prediction]]:
    """One text that the model cannot read must not keep its neighbours from their tags."""
    try:
        predictions = model.predict([p.text for p in pending])
    except Exception as error:
        if len(pending) < 2:
            _log.error("text not tagged", versions=[p.version_id for p in pending], error=str(error))
            return []
        return [result for p in pending for result in _predict(model, [p])]
    return list(zip(pending, predictions, strict=True))
