"""What must be read again but never seen: addresses with tokens in them, and secrets that sign. Encrypted at rest.

The key lies beside the archive, not in it (`secret.key` in the data folder, or KLE_SECRET_KEY): a copy of the
database alone gives nothing away. Without the key nobody can be told anything, and that is said.
"""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from core.errors import SettingsError

FILE = "secret.key"
SHORTEST = 32  # characters of a key that is given


class Sealer:
    """Seals and opens texts with one key."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"sealed" + key).digest()))
        self._mac = hashlib.sha256(b"addresses" + key).digest()

    @classmethod
    def of(cls, given: str, folder: Path) -> "Sealer":
        """By the key that is `given`, else by that of the folder, which is made where there is none."""
        if given:
            return cls(given.encode())
        return cls(_kept(folder / FILE))

    def seal(self, said: str) -> str:
        return self._fernet.encrypt(said.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises SettingsError where another key sealed it."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SettingsError(
                "KLE_SECRET_KEY",
                "***",
                f"does not open what alerts need: put the {FILE} back that lay beside this archive",
            ) from None

    def digest(self, *parts: str) -> str:
        """The same for the same parts, and nothing to whoever has not the key."""
        return hmac.new(self._mac, "\0".join(parts).encode(), hashlib.sha256).hexdigest()


def derived(given: str, folder: Path, purpose: str) -> bytes:
    """A key for one more purpose, 32 bytes, from the one that is `given` or lies in the folder: whoever learns it
    learns nothing of that one."""
    key = given.encode() if given else _kept(folder / FILE)
    return hashlib.blake2b(purpose.encode(), key=hashlib.sha256(key).digest(), digest_size=32).digest()


def _kept(file: Path) -> bytes:
    """Two processes that start at once end with one key: the file that is there first counts."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        pass
    file.parent.mkdir(parents=True, exist_ok=True)
    made = file.with_name(f"{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(secrets.token_urlsafe(SHORTEST).encode())
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(made, file)
    except FileExistsError:
        pass
    finally:
        made.unlink()
    return file.read_bytes()
