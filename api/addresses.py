"""The archive's own address, for what leaves it and needs absolute ones."""

import re

from fastapi import Request

from api.deps import context
from core.errors import BadRequest

_HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*\.?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?"
)


def site(request: Request) -> str:
    """KLE_BASE_URL, else as this request reached us, without a slash at its end.

    A Host is whatever a client says: only one that is written as a host is repeated, and only to that client.
    """
    told = context(request).settings.base_url.rstrip("/")
    if told:
        return told
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise BadRequest("the Host of this request is no name of a host: set KLE_BASE_URL, or ask by a name")
    return f"{request.url.scheme}://{host}"
