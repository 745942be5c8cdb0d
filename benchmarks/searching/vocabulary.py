"""The words that posts are made of: real ones that are frequent, invented ones behind them, and marked ones.

A marked word is in none of the vocabularies, so that it is known where it stands: each of `EVERYDAY` in 30 of 100
posts, each of `RARE` in some 80 of the whole archive. A phrase's words stand alone too: the index has to tell.
"""

import random
from collections import defaultdict
from functools import cache

SIZE = 20_000  # words of one language
EVERYDAY = ("coalition", "partners", "commitment", "mission", "statement")
EVERYDAY_SHARE = 0.3
PHRASES = (
    "key leader engagement", "ministry of peshmerga", "joint training course", "security and stability",
    "logistics and supply", "reform of payroll", "commander met leaders", "regional guard brigade",
)  # fmt: skip
PHRASE_SHARE = 0.005

_REAL = {
    "en": "the and of with to in for at by on our a key leader engagement ministry peshmerga joint training course"
    " security stability logistics supply reform payroll commander met leaders regional guard brigade advisors"
    " officers general unit road winter north city school medical team plan budget visit today weapons soldiers",
    "ar": "في من على مع هذا التي عن الى القوات التدريب الأمن الاستقرار قائد اللواء وزارة البيشمركة إصلاح الرواتب"
    " مستشارون ضباط طريق الشتاء شمال مدينة مدرسة فريق خطة زيارة اليوم جنود",
    "ckb": "لە و بۆ بە ئەم کە لەگەڵ هێزەکان مەشق ئاسایش سەقامگیری فەرماندە لیوا وەزارەتی پێشمەرگە چاکسازی مووچە"
    " ڕاوێژکاران ئەفسەران ڕێگا زستان باکوور شار قوتابخانە تیم پلان سەردان ئەمڕۆ سەربازان",
    "kmr": "û li ji bo bi ku re de hêz perwerde ewlehî aramî fermandar lîwa wezareta pêşmerge reform mûçe"
    " şêwirmend efser rê zivistan bakur bajar dibistan tîm plan serdan îro leşker",
    "tr": "ve bir bu ile için da de güvenlik eğitim istikrar komutan tugay bakanlık peşmerge maaş danışman"
    " subay yol kış kuzey şehir okul sağlık ekip bütçe ziyaret bugün asker",
    "fr": "le la les de et des pour avec dans sur une formation sécurité stabilité commandant brigade ministère"
    " réforme solde conseillers officiers route hiver nord ville école équipe projet visite hier soldats",
}
_LATIN = ("b c d f g h j k l m n p r s t v w z br dr st tr kl sh", "a e i o u ai ou")
_SYLLABLES = {  # onsets and vowels of words that nobody said
    "en": _LATIN,
    "fr": ("b c d f g j l m n p r s t v ch gr pl qu", "a e é i o u ou eau"),
    "tr": ("b c ç d g ğ h k l m n p r s ş t y z", "a e ı i o ö u ü"),
    "kmr": ("b c ç d f g h j k l m n p q r s ş t v w x z", "a e ê i î o u û"),
    "ar": ("ب ت ث ج ح خ د ر ز س ش ص ط ع غ ف ق ك ل م ن", "ا و ي"),
    "ckb": ("ب پ ت ج چ خ د ر ز ژ س ش غ ف ڤ ق ک گ ل م ن ه", "ا و ی ە ۆ"),
}
LANGUAGES = tuple(_REAL)
LANGUAGE_SHARES = (0.4, 0.2, 0.15, 0.1, 0.08, 0.07)


@cache
def words(language: str) -> tuple[str, ...]:
    """The most frequent first."""
    chance = random.Random(language)
    onsets, vowels = (part.split() for part in _SYLLABLES[language])
    taken = dict.fromkeys(_REAL[language].split())
    while len(taken) < SIZE:
        syllables = (chance.choice(onsets) + chance.choice(vowels) for _ in range(chance.randint(2, 4)))
        taken.setdefault("".join(syllables))
    for marked in (*EVERYDAY, *RARE):
        taken.pop(marked, None)
    return tuple(taken)


def _rare() -> tuple[str, ...]:
    return tuple(f"xq{a}{b}yx" for a in "abcde" for b in "fghj")  # no syllable ends so


RARE = _rare()


@cache
def prefixes(wanted: int, least: int = 20) -> tuple[str, ...]:
    """Three letters with which at least `least` English words begin, none of them among the 200 most frequent."""
    found: dict[str, int] = defaultdict(int)
    for word in words("en")[200:]:
        found[word[:3]] += 1
    first = {word[:3] for word in (*words("en")[:200], *EVERYDAY, *RARE)}
    enough = sorted((count, prefix) for prefix, count in found.items() if count >= least and prefix not in first)
    if not enough:
        raise ValueError(f"no prefix of {least} words")
    middle = len(enough) // 2
    return tuple(prefix for _, prefix in enough[middle : middle + wanted])
