"""RFC 3161: a timestamping authority says when a file was there. The request that it is sent, and its answer.

Nothing is sent from here: the request is a file that a person sends where they trust.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from core import times
from core.errors import BadRequest

_SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_GRANTED = (0, 1)  # and with modifications


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an answer says: the time, whether its signature was checked, and why it does not hold."""

    at: datetime | None
    signed: bool
    problem: str | None = None


def request(content: bytes) -> bytes:
    """What to send for a file of this content: its SHA-256, and that the authority's certificate is wanted."""
    made = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256).build()
    return made.as_bytes()


def read(answer: bytes, content: bytes, trusted: Path | None = None) -> Stamp:
    """Whether `answer` is for this content and, with the certificates in `trusted` (PEM), truly signed."""
    try:
        found = decode_timestamp_response(answer)
        if found.status not in _GRANTED:
            return Stamp(None, False, "the authority refused the request: " + "; ".join(found.status_string))
        imprint, at = found.tst_info.message_imprint, times.utc(found.tst_info.gen_time)
    except ValueError as error:
        return Stamp(None, False, f"it is no answer of a timestamping authority ({error})")
    if imprint.hash_algorithm != _SHA256 or imprint.message != sha256(content).digest():
        return Stamp(at, False, "it is the answer for another file")
    return _checked(found, at, content, trusted) if trusted else Stamp(at, False)


def _checked(found: TimeStampResponse, at: datetime, content: bytes, trusted: Path) -> Stamp:
    builder = VerifierBuilder()
    for certificate in _certificates(trusted):
        builder = builder.add_root_certificate(certificate)
    try:
        builder.build().verify_message(found, content)
    except VerificationError as error:
        return Stamp(at, False, f"its signature does not hold against {trusted.name}: {error}")
    return Stamp(at, True)


def _certificates(file: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError) as error:
        raise BadRequest(f"{file} holds no certificates in PEM form: {error}") from None
