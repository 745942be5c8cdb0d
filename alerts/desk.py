"""What alerts need beside the archive: the key that opens addresses, and the office that hands messages over."""

import hmac
from dataclasses import dataclass
from typing import Literal

from alerts.channel import Office
from core.sealed import Sealer
from core.settings import Settings

_LENGTH = 32  # hex digits of a link's token


@dataclass(frozen=True, slots=True)
class Desk:
    """Built once a process."""

    sealer: Sealer
    office: Office

    @classmethod
    def of(cls, settings: Settings) -> "Desk":
        return cls(Sealer.of(settings.secret_key, settings.data_dir), Office.of(settings))

    def token(self, purpose: Literal["confirm", "unsubscribe"], subscription_id: int) -> str:
        """What the link of a subscription carries: nobody can make one who has not the key."""
        return self.sealer.digest(purpose, str(subscription_id))[:_LENGTH]

    def knows(self, token: str, purpose: Literal["confirm", "unsubscribe"], subscription_id: int) -> bool:
        return hmac.compare_digest(token.encode(), self.token(purpose, subscription_id).encode())
