"""The key that opens what alerts keep secret lies beside an archive: is it the one that this archive needs?"""

from alerts.desk import Desk
from core.sealed import FILE
from core.settings import Settings
from db import alerts
from db.database import Database


def name(settings: Settings) -> str:
    """What to keep, or to put back."""
    return "KLE_SECRET_KEY" if settings.secret_key else str(settings.data_dir / FILE)


def opens(settings: Settings, database: Database) -> bool:
    """Whether the key that is there opens this archive's addresses, if it has any; none is made."""
    with database.read() as session:
        if alerts.key_of(session) is None:
            return True
        there = bool(settings.secret_key) or (settings.data_dir / FILE).is_file()
        return there and Desk.of(settings).fits(session)
