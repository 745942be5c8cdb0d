"""What /readyz asks: only the parts that this role and setting use. A part is None where it is fine."""

from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from db.database import Database
from kle.storage import Storage
from kle.worker import Worker

Part = str | None
More = Callable[[Database], dict[str, Part]]


def readiness(
    database: Database, storage: Storage, worker: Worker | None, more: More | None = None
) -> Callable[[], dict[str, Part]]:
    def look() -> dict[str, Part]:
        parts = {"database": _database(database)}
        parts["storage"] = storage.look() if parts["database"] is None else None
        if worker:
            parts["scheduler"] = None if worker.running else "not started"
            if worker.model:
                parts["model"] = None  # a worker that tags has loaded it before it starts
        if more and parts["database"] is None:
            parts |= more(database)
        return parts

    return look


def _database(database: Database) -> Part:
    try:
        return None if database.at_head() else "the schema is older than this version: run `kle db upgrade`"
    except SQLAlchemyError as error:
        return f"cannot be asked: {str(getattr(error, 'orig', error)).strip()}"
