"""What alerts need beside the archive: the key that opens addresses, and the office that hands messages over."""

import hmac
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session

from alerts.channel import Office
from core.errors import HIDDEN, SettingsError
from core.sealed import FILE, Sealer
from core.settings import Settings
from db import alerts

WRONG_KEY = (
    f"is not the one of this archive's alerts: put the {FILE} back that lay beside it, or, if it is lost, let go of"
    " all channels with `kle alerts reset-key`"
)
_LENGTH = 32  # hex digits of a link's token


@dataclass(frozen=True, slots=True)
class Desk:
    """Built once a process."""

    sealer: Sealer
    office: Office

    @classmethod
    def of(cls, settings: Settings) -> "Desk":
        return cls(Sealer.of(settings.secret_key, settings.data_dir), Office.of(settings))

    def fits(self, session: Session) -> bool:
        """Whether this archive's addresses were encrypted with this key, or there are none yet."""
        return alerts.key_of(session) in (None, self._digest)

    def hold(self, session: Session) -> None:
        """Before something is encrypted: the first time, the key is that of the archive. Raises SettingsError for
        another one: what would be added now could not be read together with the rest."""
        alerts.keep_key(session, self._digest)
        if not self.fits(session):
            raise SettingsError("KLE_SECRET_KEY", HIDDEN, WRONG_KEY)

    @property
    def _digest(self) -> str:
        return self.sealer.digest("which key")

    def token(self, purpose: Literal["confirm", "unsubscribe"], subscription_id: int) -> str:
        """What the link of a subscription carries: nobody can make one who has not the key."""
        return self.sealer.digest(purpose, str(subscription_id))[:_LENGTH]

    def knows(self, token: str, purpose: Literal["confirm", "unsubscribe"], subscription_id: int) -> bool:
        return hmac.compare_digest(token.encode(), self.token(purpose, subscription_id).encode())
