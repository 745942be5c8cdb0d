"""The language of a text from what its source declares, where that can be true, else from its letters."""

import re

from core import lang

_CODE = re.compile(r"([a-z]{2,3})(?:[-_].*)?$", re.I)
_ARABIC_SCRIPT = frozenset({"ar", "ckb", "fa", "ur", "ps", "arz", "azb", "sd", "ug"})
_ENOUGH = 3_000  # characters tell a language
_NO_LANGUAGE = frozenset({"und", "zxx", "mul", "mis", "qam", "qct", "qht", "qme", "qst", "art"})
_ARABIC = re.compile(r"[\u0620-\u06d5]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_ALIASES = {
    "in": "id",
    "iw": "he",
    "kur": "ku",
    "eng": "en",
    "ara": "ar",
    "sdh": "ckb",
    "kmr": "kmr",
    "ckb": "ckb",
}


def resolve(declared: str | None, text: str) -> str | None:
    """ISO 639 code; "ku" becomes ckb or kmr by its script; a declared code of another script is not believed."""
    code, text = _code(declared), text[:_ENOUGH]
    arabic = _is_arabic(text)
    if code == "ku":
        return "ckb" if arabic else "kmr"
    if code is None or (arabic is not None and arabic != (code in _ARABIC_SCRIPT) and _told_by_script(code)):
        return lang.detect(text)
    if code not in ("en", "ar"):
        return code
    found = lang.detect(text)  # sites in Kurdish often declare the default of their software
    return found if found in ("ckb", "kmr") else code


def _code(declared: str | None) -> str | None:
    found = _CODE.match((declared or "").strip())
    if not found or found[1].lower() in _NO_LANGUAGE:
        return None
    return _ALIASES.get(found[1].lower(), found[1].lower())


def _told_by_script(code: str) -> bool:
    return code in _ARABIC_SCRIPT or code in {
        "en",
        "kmr",
        "fr",
        "de",
        "es",
        "it",
        "tr",
        "nl",
        "pt",
        "sv",
        "da",
        "pl",
    }


def _is_arabic(text: str) -> bool | None:
    """Whether most letters are Arabic ones; None where there are too few to say."""
    arabic, latin = len(_ARABIC.findall(text)), len(_LATIN.findall(text))
    return None if arabic + latin < 20 else arabic > latin
