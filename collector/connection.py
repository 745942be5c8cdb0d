"""Which machine answered, and the certificate by which it said who it is: what an address alone does not prove."""

import contextlib
import hashlib

import httpx

from core.page import PEER, TLS


def told(response: httpx.Response) -> dict[str, str]:
    """While the answer is still being read: with its end the connection is closed. Nothing where there is none."""
    stream = response.extensions.get("network_stream")
    found: dict[str, str] = {}
    if stream is None:  # a transport that stands in
        return found
    with contextlib.suppress(OSError):  # it was cut off already
        if peer := stream.get_extra_info("server_addr"):
            found[PEER] = str(peer[0])
    if secured := stream.get_extra_info("ssl_object"):
        certificate = hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest()
        found[TLS] = f"{secured.version()} sha256={certificate}"
    return found
