"""Where a sentence ends: English, Arabic, Sorani and Kurmanji posts, releases and articles.

Spans are (start, end) offsets in code points of the text as given, without the white space around them.
"""

import re

Span = tuple[int, int]

_LINE = r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+"
_MARK = r"[.!?…؟؛۔。]+[\"'”’»)\]]*(?=\s)"
_END = re.compile(f"(?P<line>{_LINE})|(?P<mark>{_MARK})")
_LAST_WORD = re.compile(r"[\w.'’]+\Z")
_NEXT_CHARACTER = re.compile(r"[ \t\xa0]*([^ \t\xa0]?)")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_LONGEST_WORD = 24  # as far as an abbreviation is looked for
_ABBREVIATIONS = """
    gen maj col lt brig sgt capt cpt cmdr adm pvt cpl ssg sfc msg csm mr mrs ms dr prof hon amb sec gov sen rep
    pres dep asst spc ret vs st approx dept inc ltd corp jan feb mar apr jun jul aug sep sept oct nov dec
    hwd bnr دكتور
"""  # ranks, titles, companies, months; Kurmanji for "etc." and "see"; Arabic for "doctor"
_BEFORE_NUMBERS = "no nos art fig vol op ch pp hej"
_NEVER_LAST, _LAST_UNLESS_NUMBERED = frozenset(_ABBREVIATIONS.split()), frozenset(_BEFORE_NUMBERS.split())


def sentences(text: str) -> list[Span]:
    """The sentences of `text` in order; together they hold every character that is not white space."""
    spans, start = [], 0
    for match in _END.finditer(text):
        if match["line"]:
            spans.append((start, match.start()))
        elif _ends_sentence(text, start, match):
            spans.append((start, match.end()))
        else:
            continue
        start = match.end()
    spans.append((start, len(text)))
    trimmed = (_trim(text, *span) for span in spans)
    return [span for span in trimmed if span[0] < span[1]]


def _ends_sentence(text: str, start: int, match: re.Match[str]) -> bool:
    """Full stops also end abbreviations and list numbers, and a sentence goes on where a small letter follows."""
    found = _NEXT_CHARACTER.match(text, match.end())
    following = found.group(1) if found else ""
    if following.islower():
        return False
    if match["mark"] != ".":
        return True
    last = _LAST_WORD.search(text[max(start, match.start() - _LONGEST_WORD) : match.start()])
    word = last.group() if last else ""
    return not (_is_abbreviation(word, following) or _is_list_number(word, text[start : start + 4]))


def _is_abbreviation(word: str, following: str) -> bool:
    if _INITIALS.fullmatch(word):  # "U.S", "J", but not the Kurmanji word "e" (is), with which sentences end
        return "." in word or not word.islower()
    small = word.lower()
    return small in _NEVER_LAST or (small in _LAST_UNLESS_NUMBERED and following.isdigit())


def _is_list_number(word: str, beginning: str) -> bool:
    return word.isdigit() and len(word) <= 2 and beginning.lstrip().startswith(f"{word}.")


def _trim(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
