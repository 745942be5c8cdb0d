"""When a database's file is damaged: how its errors tell, in words for people."""

import re
import sqlite3

from psycopg import errors
from sqlalchemy.exc import DBAPIError, InvalidRequestError

_SCHEMA = re.compile(  # the archive is at our schema: what is missing in it was there
    "no such |malformed|foreign key mismatch|vtable constructor failed|unsupported file format"
    "|SQL logic error|unrecognized token|error in |incomplete input|near "
)
_POSTGRES = (errors.DataCorrupted, errors.IndexCorrupted)
_ODD = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    InvalidRequestError,  # a row that its own key no longer finds
)  # how a row reads whose bytes were changed


def told(error: BaseException) -> str | None:
    """What is damaged, by an error of the database; None for one that has another reason, such as a lock."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _by_sqlite(cause)
    return str(cause).strip().splitlines()[0] if isinstance(cause, _POSTGRES) else None


def unreadable(error: BaseException) -> str | None:
    """The same, also of an error that only comes where a stored value is none any more (half a character, no
    number)."""
    if isinstance(error, _ODD):
        return f"a value in it is none that was written ({type(error).__name__})"
    cause = error.orig if isinstance(error, DBAPIError) else error
    if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return str(cause)  # a statement that the archive's own schema takes
    return told(error)


def _by_sqlite(error: sqlite3.Error) -> str | None:
    said = str(error)
    if said.startswith("Could not decode to UTF-8"):
        return "a text in it is no text any more"
    code = getattr(error, "sqlite_errorcode", None)
    broken = (code is not None and code & 0xFF == sqlite3.SQLITE_CORRUPT) or _SCHEMA.match(said)
    return said if broken else None
