"""The language of a post where its source names none: the four that the product reads, else None.

No kept library knows Sorani and Kurmanji without a model hub, and the four differ in letters and small words.
Returns ISO 639 codes: en, ar, ckb (Central Kurdish), kmr (Northern Kurdish).
"""

import re

RIGHT_TO_LEFT = frozenset(("ar", "ckb", "fa", "ur", "he", "ps", "sd", "ug", "yi", "dv"))
_URLS = re.compile(r"https?://\S+|[@#]\S+|pic\.twitter\.com/\S+")
_WORD = re.compile(r"[^\W\d_]+")
_SORANI = re.compile(r"[ەێۆڕڵڤ]|\u0647\u200c")
_PERSIAN_LETTERS = re.compile(r"[پچژگ]")
_ARABIC = re.compile(r"[\u0620-\u064a\u066e-\u06d3\u06d5]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_ARABIC_ONLY = re.compile(r"\b(?:ال\w{3,}|في|من|على|إلى|التي|الذي|هذا|هذه)\b|[ةأإؤ]")
_WORDS = {
    "en": {"the", "of", "and", "to", "in", "with", "for", "on", "is", "are", "our", "we", "at", "by", "as", "from",
           "this", "that", "their", "its", "his", "her", "your", "it", "will", "have", "has", "was", "were", "an"},
    "kmr": {"û", "li", "ji", "bi", "di", "de", "ku", "re", "ye", "yê", "yên", "bo", "wan", "hat", "kir", "dike",
            "kirin", "dikin", "hatin", "ev", "ew", "jî", "bû", "na", "her", "me", "em", "têne", "tê", "nav", "ser",
            "pêşmerge", "pêşmergeyên", "herêma", "kurdistanê", "civîn", "hêzên", "gel", "gelê", "da", "dê", "vê"},
}  # fmt: skip
_OTHER_LATIN = set("ñßãõåøæœğı¿¡ąęłńśźżćčřžůőű")


def detect(text: str) -> str | None:
    """The code, or None for another language or too little text to tell."""
    plain = _URLS.sub(" ", text)
    arabic, latin = len(_ARABIC.findall(plain)), len(_LATIN.findall(plain))
    if arabic + latin < 3:
        return None
    return _arabic_script(plain) if arabic >= latin else _latin_script(plain)


def _arabic_script(text: str) -> str | None:
    sorani = len(_SORANI.findall(text))
    arabic = len(_ARABIC_ONLY.findall(text))
    if sorani > arabic:
        return "ckb"
    if arabic or not _PERSIAN_LETTERS.search(text):
        return "ar"
    return None


def _latin_script(text: str) -> str | None:
    found = [w.lower() for w in _WORD.findall(text)]
    counts = {code: sum(map(known.__contains__, found)) for code, known in _WORDS.items()}
    beyond = [] if text.isascii() else [c for c in text.lower() if c > "\x7f"]
    kurdish_letters = sum(c in "êîû" for c in beyond)
    foreign = sum(c in _OTHER_LATIN for c in beyond)
    if kurdish_letters and counts["kmr"] + kurdish_letters > counts["en"] * 2 + foreign:
        return "kmr" if counts["kmr"] or kurdish_letters > 2 else None
    if counts["en"] and not foreign and counts["en"] * 12 >= len(found):
        return "en"
    return "en" if text.isascii() and len(found) <= 8 and not counts["kmr"] else None
