"""The key that opens what alerts keep secret lies beside an archive: is it the one that this archive needs?"""

from core.errors import SettingsError
from core.sealed import FILE, Sealer
from core.settings import Settings
from db import subscribers
from db.database import Database


def name(settings: Settings) -> str:
    """What to keep, or to put back."""
    return "KLE_SECRET_KEY" if settings.secret_key else str(settings.data_dir / FILE)


def opens(settings: Settings, database: Database) -> bool:
    """Whether the key that is there opens this archive's addresses, if it has any; none is made."""
    with database.read() as session:
        sealed = subscribers.any_sealed(session)
    if sealed is None:
        return True
    if not settings.secret_key and not (settings.data_dir / FILE).is_file():
        return False
    try:
        Sealer.of(settings.secret_key, settings.data_dir).open(sealed)
    except SettingsError:
        return False
    return True
