"""What a file is by its first bytes, whatever its server or its name says: pictures, films and sounds."""

import re

_STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl"),
    (b"\xff\x0a", "image/jxl"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS = {
    b"avif": "image/avif", b"avis": "image/avif", b"heic": "image/heic", b"heix": "image/heic",
    b"mif1": "image/heif", b"qt  ": "video/quicktime", b"M4A ": "audio/mp4", b"M4B ": "audio/mp4",
}  # fmt: skip
_MP4 = re.compile(rb"isom|iso[2-9]|mp4[12]|avc1|M4V |dash|MSNV|3gp\w|f4v |mmp4|cmf[cs]")
_MPEG = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")
_AAC = re.compile(rb"\xff[\xf0\xf1\xf8\xf9]")
_SOUND = (b"OpusHead", b"\x01vorbis", b"\x7fFLAC", b"Speex")
_HEAD = 4096


def told(body: bytes) -> str | None:
    """Its type; None for anything that is no picture, film or sound that is known here."""
    head = body[:_HEAD]
    named = next((kind for start, kind in _STARTS if head.startswith(start)), None)
    return named or _in_a_box(head) or _by_frames(body)


def _in_a_box(head: bytes) -> str | None:
    """Of the formats that hold others, by what is in them."""
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12]) or ("video/mp4" if _MP4.match(head, 8) else None)
    if head.startswith(b"OggS"):
        return "audio/ogg" if any(sound in head for sound in _SOUND) else "video/ogg"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    return None


def _by_frames(body: bytes) -> str | None:
    """Of those whose start alone says little."""
    if body.startswith(b"BM") and len(body) > 54 and int.from_bytes(body[2:6], "little") == len(body):
        return "image/bmp"
    return "audio/mpeg" if _MPEG.match(body) else "audio/aac" if _AAC.match(body) else None
