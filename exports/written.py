"""What a release, of tables or of captures, is once it is written: its bytes, and its line in the audit chain."""

import hashlib
from pathlib import Path
from typing import Any

from core import times
from db import audit
from db.database import Database


def described(file: Path) -> dict[str, Any]:
    """{"bytes", "sha256"}"""
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return {"bytes": file.stat().st_size, "sha256": digest}


def tell(database: Database, subject: str, said: dict[str, Any], out: Path) -> None:
    """Nothing leaves without a line in the audit chain; it says what it is, and where it was written."""
    with database.write() as session:
        audit.append(session, "release", subject, {**said, "path": str(out.absolute())}, times.now())
