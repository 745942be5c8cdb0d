"""Absolute addresses for what leaves: a post, its evidence, an alert's settings, a subscriber's choices."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from core import ids
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Links:
    """`base` has no slash at its end."""

    base: str

    @classmethod
    def of(cls, settings: Settings) -> "Links":
        """By KLE_BASE_URL, else this machine and KLE_PORT."""
        host = settings.host if settings.host not in ("", "0.0.0.0", "::") else "localhost"  # noqa: S104
        host = f"[{host}]" if ":" in host else host
        return cls(settings.base_url.rstrip("/") or f"http://{host}:{settings.port}")

    def post(self, public_id: str) -> str:
        return self.base + ids.page(public_id)

    def evidence(self, public_id: str, topic: str) -> str:
        """Where the post's page shows what speaks for this topic."""
        return f"{self.post(public_id)}#topic-{quote(topic)}"

    def alert(self, alert_id: int) -> str:
        return f"{self.base}/alerts/{alert_id}"

    def search(self, query: str) -> str:
        return f"{self.base}/?{urlencode({'q': query})}"

    def confirm(self, subscription_id: int, token: str) -> str:
        return f"{self.base}/subscriptions/{subscription_id}/confirm?{urlencode({'token': token})}"

    def unsubscribe(self, subscription_id: int, token: str) -> str:
        """Answers a GET with a page that asks, and a POST at once (RFC 8058)."""
        return f"{self.base}/subscriptions/{subscription_id}/unsubscribe?{urlencode({'token': token})}"
