"""What somebody asked for at the server, checked at once, and turned into the order that a process builds."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from core import times
from core.export import ExportForm
from core.tables import CitationConfig
from db import ledger
from db.entries import topic_slugs
from db.query import PostQuery, selection
from db.selection import keys_of
from exports import sampling
from exports.batch import Options
from exports.order import Order
from exports.papers import citation, command
from exports.papers.about import About
from exports.sampling import Sample


def order(form: ExportForm, cited: CitationConfig, pseudonyms: bytes | None = None) -> Order:
    """`pseudonyms` is the key of the names that handles get. Raises BadRequest, and QueryError with the place."""
    sample = form.sample
    return Order.build(
        PostQuery.build(form.query, as_of=form.as_of),
        form.format,
        form.audience,
        tables=form.tables,
        columns=form.columns,
        csv=Options(form.bom, form.raw),
        pseudonyms=pseudonyms if form.pseudonymise else None,
        zip=True,
        sample=Sample(sample.size, tuple(sample.stratify), sample.seed) if sample else None,
        citation=cited,
    )


def check(session: Session, wanted: Order) -> None:
    """Whether the archive has all that it names. Raises BadRequest, QueryError."""
    wanted.chosen(topic_slugs(session))
    selection(session, wanted.query)


def moment(session: Session, query: PostQuery, now: datetime) -> datetime:
    """What it is as of: where nobody says so, the time of the ledger's last line, as the archive is now."""
    last = ledger.line(session, ledger.head(session)[0])
    return query.as_of or (last.at if last else now)


def keys(session: Session, wanted: Order) -> NDArray[np.int64]:
    """The row keys of the posts that may be in it, sorted; what was erased is there with its digests."""
    if wanted.sample:
        return np.array(sampling.draw(session, wanted.query, wanted.sample).keys, np.int64)
    return np.unique(keys_of(session, selection(session, replace(wanted.query, tombstones=True)).keys()))


def form_of(row: Any) -> ExportForm:
    """What was asked for, its moment fixed."""
    named = {"query": row.query, "format": row.format, "as_of": times.text(row.as_of), "audience": row.audience}
    return ExportForm.model_validate({**named, **row.options})


def telling(manifest: dict[str, Any], cited: CitationConfig) -> dict[str, str]:
    """How to cite a release, and the command that builds it again."""
    about = About(manifest, {}, (), (), cited)
    return {"citation": citation.text(about), "command": command.rebuild(about)}
