"""Bytes to text, whatever they say they are.

What is declared is often wrong, so the bytes come first: a byte order mark; then UTF-8, which other encodings
hardly ever imitate by chance; then what is declared, if it fits strictly; then what the bytes look like.
"""

import codecs
import re

from charset_normalizer import from_bytes

from core.errors import ParseError

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
         (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))  # fmt: skip
_MAGIC = {b"%PDF-": "a PDF", b"\x89PNG": "an image", b"\xff\xd8\xff": "an image", b"GIF8": "an image",
          b"PK\x03\x04": "a ZIP archive", b"\x1f\x8b": "gzip data", b"\x7fELF": "a program",
          b"RIFF": "a media file", b"ID3": "a sound file"}  # fmt: skip
_WIDE = {
    "utf-32-le": re.compile(rb"(?:[\t\n\r ]\0\0\0)*[<{]\0\0\0"),
    "utf-32-be": re.compile(rb"(?:\0\0\0[\t\n\r ])*\0\0\0[<{]"),
    "utf-16-le": re.compile(rb"(?:[\t\n\r ]\0)*[<{]\0[^\0]"),
    "utf-16-be": re.compile(rb"(?:\0[\t\n\r ])*\0[<{]\0?[^\0]"),
}
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.I)
_HIGH = re.compile(rb"[\x80-\xff]+")
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_UNUSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_C1 = re.compile("[\x80-\x9f]")
_MEANT = {code: bytes([code]).decode("cp1252", "ignore") or None for code in range(0x80, 0xA0)}
_ALIASES = {
    "latin1": "cp1252",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-8859-9": "cp1254",
    "x-sjis": "shift_jis",
    "windows-31j": "cp932",
    "unicode": "utf-8",
}  # fmt: skip  (as browsers read these names)
_SNIFFED = [
    "cp1256",
    "iso8859_6",
    "cp1251",
    "koi8_r",
    "cp1253",
    "cp1255",
    "gb18030",
    "big5",
    "shift_jis",
    "euc_kr",
    "cp874",
    "koi8_u",
]
_KANA, _COMMON = re.compile("[\u3040-\u30ff]"), re.compile("[的一是在不了有和人中大為上個國我以要他會時與這於將]")
_EAST_ASIAN = {"cp932": (_KANA, 0.15), "euc_jp": (_KANA, 0.15), "big5": (_COMMON, 0.05)}
_TURKISH, _ICELANDIC = "ığşİŞĞ".encode("cp1254"), "áíóæ".encode("cp1252")
_SAMPLE = 20_000


def decode(body: bytes, content_type: str = "") -> str:
    """The text of `body`, without byte order mark and without characters that no text holds.

    Raises ParseError for what is not text at all.
    """
    _refuse_binary(body)
    return clean(_decode(body, content_type)).removeprefix("\ufeff")


def clean(text: str) -> str:
    """Line ends as \\n; control characters and lone surrogates out; Windows quotes where &#146; stood."""
    return windows(_UNUSABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def windows(text: str) -> str:
    """The controls from U+0080 to U+009F as what their writers meant, as browsers do."""
    return text.translate(_MEANT) if _C1.search(text) else text


def _decode(body: bytes, content_type: str) -> str:
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    if wide := _wide(body):
        return body.decode(wide, "replace")
    if body.isascii():
        return body.decode("iso2022_jp" if b"\x1b$" in body else "ascii", "replace")
    if (text := _as_utf8(body)) is not None:
        return text
    for name in _declared(body, content_type):
        if name == "cp1252":
            break  # the default of many servers and programs tells nothing
        if (text := _strictly(body, name)) is not None:
            return text
    return body.decode(_sniff(body), "replace")


def _wide(body: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark, told by where the NULs of its first sign stand."""
    return next((encoding for encoding, start in _WIDE.items() if start.match(body)), None)


def _as_utf8(body: bytes) -> str | None:
    """UTF-8 with at most a stray broken character here and there (a cut excerpt, a cut end), else None."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(body, final=False)
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    sound = sum(len(run) for run in re.findall("[\u0080-\ufffc\U00010000-\U0010ffff]+", text))
    return text if broken * 5 <= sound else None


def _declared(body: bytes, content_type: str) -> list[str]:
    found = _DECLARED.findall(content_type.encode("utf-8", "replace")) + _DECLARED.findall(body[:4096])
    names = [name.decode("ascii").lower().strip(":.") for name in found]
    return [_ALIASES.get(name, name) for name in names if not name.startswith("utf")]


def _strictly(body: bytes, encoding: str) -> str | None:
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(body, final=False)
    except (LookupError, UnicodeError, ValueError, TypeError):
        return None
    return text if isinstance(text, str) else None


def _looks_latin(body: bytes) -> bool:
    """A Latin text has its high bytes one by one among ASCII letters; other scripts write whole words of them."""
    runs = _HIGH.findall(body)
    return sum(map(len, runs)) < 1.7 * len(runs) or not runs


def _sniff(body: bytes) -> str:
    if eastern := _east_asian(body):
        return eastern
    runs = _HIGH.findall(body)
    if _looks_latin(body):
        return _latin(body)
    sample = b" ".join(runs)[:_SAMPLE]
    best = from_bytes(sample, cp_isolation=_SNIFFED, preemptive_behaviour=False).best()
    return _likelier_arabic(sample, best.encoding if best else "cp1252")


def _east_asian(body: bytes) -> str | None:
    """Encodings whose second bytes are often ASCII: what decodes in them without a fault, into their letters."""
    for name, (letters, share) in _EAST_ASIAN.items():
        beyond = re.sub(r"[\x00-\x7f]+", "", _strictly(body, name) or "")
        if beyond and len(letters.findall(beyond)) > share * len(beyond):
            return name
    return None


def _latin(body: bytes) -> str:
    """Turkish, where letters of it stand that the West's encoding has for Icelandic, without Icelandic's others."""
    high = b"".join(_HIGH.findall(body))
    turkish, icelandic = sum(map(high.count, _TURKISH)), sum(map(high.count, _ICELANDIC))
    return "cp1254" if turkish > 0.2 * len(high) and not icelandic else "cp1252"


def _likelier_arabic(sample: bytes, guess: str) -> str:
    """Arabic is what this tool mostly reads: where every word makes Arabic letters, it is that."""
    for name in ("cp1256", "iso8859_6"):
        text = sample.decode(name, "replace")
        letters = re.findall(r"[^\W\d_]", text)
        arabic = sum("\u0620" <= c <= "\u06d5" for c in letters)
        if letters and arabic > 0.95 * len(text.replace(" ", "")) and re.search("ال|ين|ات|کا|من", text):
            return name
    return guess


def _refuse_binary(body: bytes) -> None:
    for magic, what in _MAGIC.items():
        if body.startswith(magic):
            raise ParseError(f"this is {what}, not text; point the source at the page or feed itself")
    if any(body.startswith(mark) for mark, _ in _BOMS) or _wide(body):
        return
    head = body[:_SAMPLE]
    if len(_CONTROLS.findall(head)) * 50 > len(head):
        raise ParseError("these bytes are no text (they hold control characters); is the address right?")
