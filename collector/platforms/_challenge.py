"""Pages that stand in an article's place: questions to a robot, consent walls, servers' errors.

They are known by their own marks and by how little else they show, so that an article about them stays one.
"""

import re

from lxml.html import HtmlElement

from collector.reading import markup

_LITTLE = 1500  # characters that a page of this kind shows at most
_LONGEST_LINE = 330
_LITTLE_BESIDE = 250  # what a consent wall shows that is not about consent
_SMALL = 40_000  # characters of markup up to which a page is looked at whatever its title says
_FIRST = 10  # lines in which it says what it is
_ROBOT = (
    "_cf_chl_opt", "cf-browser-verification", "cf-challenge", "challenges.cloudflare.com/turnstile", "px-captcha",
    "captcha-delivery.com", "_Incapsula_Resource", "incap_ses", "awswaf", "gokuProps", "ddos-guard", "_pxAppId",
    "anubis_challenge", "kpsdk", "/_sec/cp_challenge",
)  # fmt: skip
_ROBOT_WORDS = re.compile(
    r"^(?:just a moment|attention required|one moment,? please|un momento\W|un instant\W|(?:nur )?einen moment"
    r"|bir dakika|لحظة|captcha)|checking (?:your browser|if the site connection)|verif(?:y|ying)\b.{0,20}\bhuman\b"
    r"|are you a (?:robot|human)|robot or human|human verification|not a (?:ro)?bot\b|press (?:&|and) hold"
    r"|pardon our interruption|unusual traffic|security (?:checkpoint|verification)|ddos.guard|bot verification"
    r"|enable (?:js|javascript) and (?:cookies|disable)"
    r"|(?:solve|complete|enter|pass)\b.{0,30}\b(?:captcha|security check)",
    re.I | re.M,
)
_DENIED = re.compile(
    r"^\W*(?:access (?:is )?(?:denied|forbidden)|forbidden|request (?:blocked|unsuccessful)"
    r"|access to this (?:page|site|website) (?:has been|is) (?:denied|blocked)|(?:error )?40[13]\b.{0,30}"
    r"|you (?:don.t|do not) have permission to access|(?:sorry, )?you have been blocked"
    r"|the request could not be satisfied|unavailable (?:due to|for) legal reasons"
    r"|your access to this (?:site|service) has been limited)\b[^\n:]{0,60}$",
    re.I | re.M,
)
_BROKEN = re.compile(
    r"^\W*(?:error )?(?:404\b.{0,20}not found|page not found|bad gateway|gateway time-?out"
    r"|50[0234]\b.{0,40}(?:error|gateway|unavailable|time-?out)|service (?:temporarily )?unavailable"
    r"|internal server error|error establishing a database connection|account suspended)\W*$",
    re.I | re.M,
)
_SCRIPTS = re.compile(
    r"(?:enable|requires?|turn on|without|activate|activer|aktivieren)\b.{0,20}\bjavascript|javascript\b.{0,30}"
    r"\b(?:disabled|required|enabled|aktivieren|deaktiviert|désactivé|activé)",
    re.I,
)
_CONSENT = re.compile(
    r"cookie|consent|privacy|datenschutz|einwilligung|zustimm|partner|vendor|personali[sz]|confidentialit|\baccept"
    r"|reject|refuser|ablehnen|akzeptieren|aceptar|rechazar|gizlilik|çerez|kabul et|privacidad|gdpr|tracking"
    r"|advertis|ملفات تعريف|الخصوصية",
    re.I,
)
_CONSENT_TITLE = re.compile(
    r"before you continue|bevor (?:du|sie)\b|avant (?:de|d.acc)|antes de (?:ir|continuar)|cookie|consent|zustimmung"
    r"|privacy (?:settings|choices)|your privacy",
    re.I,
)


def reason(root: HtmlElement, title: str, source: str) -> str | None:
    """Why this page is no article, as a sentence; None for every page that shows more than a little."""
    marked = any(mark in source for mark in _ROBOT)
    titled = any(words.search(title) for words in (_ROBOT_WORDS, _DENIED, _CONSENT_TITLE))
    if not (marked or titled or len(source) < _SMALL):
        return None
    lines = markup.lines(root)
    if sum(map(len, lines)) > _LITTLE or any(len(line) > _LONGEST_LINE for line in lines):
        return None
    shown = "\n".join([title, *lines[:_FIRST]])
    return _robot(shown, marked) or _server(shown) or _consent(title, lines) or _scripted(shown)


def _robot(shown: str, marked: bool) -> str | None:
    if _ROBOT_WORDS.search(shown) or (marked and len(shown) < _LITTLE_BESIDE):
        return "this page asks whether a person is reading (a challenge or captcha) and shows no article"
    return None


def _server(shown: str) -> str | None:
    if found := _DENIED.search(shown):
        return f"the server refuses this reader ({found[0].strip()}) and shows no article"
    if found := _BROKEN.search(shown):
        return f"this is a server's error page ({found[0].strip()}) and no article"
    return None


def _scripted(shown: str) -> str | None:
    if len(shown) < 2 * _LITTLE_BESIDE and _SCRIPTS.search(shown):
        return "this page shows no text without its scripts; is there a feed or another address?"
    return None


def _consent(title: str, lines: list[str]) -> str | None:
    """A wall is a page whose few words are nearly all about consent; a banner on an article is not."""
    about = [line for line in lines if _CONSENT.search(line)]
    beside = sum(len(line) for line in lines if line not in about)
    named = _CONSENT_TITLE.search(title) is not None
    if about and beside <= _LITTLE_BESIDE and (named or sum(map(len, about)) > 2 * beside + 100):
        return "this page asks for consent to cookies before it shows its article; is there a feed?"
    return None
