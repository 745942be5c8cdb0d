"""What somebody asked for at the server, checked at once, and turned into the order that a process builds."""

from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from core import times
from core.export import ExportForm
from core.tables import CitationConfig
from db import directory
from db.database import Database
from db.query import PostQuery, selection
from db.selection import keys_of
from exports import pseudonyms, sampling
from exports.batch import Options
from exports.order import Order
from exports.papers import citation, command
from exports.papers.about import About
from exports.passage import stand
from exports.sampling import Sample


def order(form: ExportForm, cited: CitationConfig, key: bytes | None = None) -> Order:
    """`key` is that of the names that handles get. Raises BadRequest, and QueryError with the place."""
    sample = form.sample
    return Order.build(
        PostQuery.build(form.query, as_of=form.as_of),
        form.format,
        form.audience,
        tables=form.tables,
        columns=form.columns,
        csv=Options(form.bom, form.raw),
        pseudonyms=key if form.pseudonymise else None,
        zip=True,
        sample=Sample(sample.size, tuple(sample.stratify), sample.seed) if sample else None,
        citation=cited,
    )


def moment(database: Database, wanted: Order, hiding: bool = False) -> datetime:
    """What it is as of: where nobody says so, the time of the ledger's last line. `hiding`: accounts get other
    names. Raises BadRequest and QueryError for what the archive had not then."""
    found = stand(database, wanted.query.as_of).moment
    with database.read() as session:
        wanted.chosen([topic["slug"] for topic in directory.topics_by(session, found)])
        selection(session, wanted.at(found).query)
        if hiding:
            pseudonyms.refuse_named(session, wanted.query)
    return found


def keys(session: Session, wanted: Order) -> NDArray[np.int64]:
    """The row keys of the posts that may be in it, sorted; what was erased is there with its digests."""
    if wanted.sample:
        return np.unique(np.array(sampling.draw(session, wanted.selects, wanted.sample).keys, np.int64))
    return np.unique(keys_of(session, selection(session, wanted.selects).keys()))


def form_of(row: Any) -> ExportForm:
    """What was asked for, its moment fixed."""
    named = {"query": row.query, "format": row.format, "as_of": times.text(row.as_of), "audience": row.audience}
    return ExportForm.model_validate({**named, **row.options})


def telling(manifest: dict[str, Any], cited: CitationConfig) -> dict[str, str]:
    """How to cite a release, and the command that builds it again."""
    about = About(manifest, {}, (), (), cited)
    return {"citation": citation.text(about), "command": command.rebuild(about)}
