"""Invented posts of invented offices in four languages, before a payload maker gives them a platform's form.

The same numbers give the same drafts, so that two runs read the same bytes.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

NEWEST = datetime(2026, 6, 1, 12, tzinfo=UTC)
SEEN_AT = NEWEST + timedelta(minutes=5)  # when the pages are said to have been fetched
_APART = timedelta(minutes=37)
_FEWEST, _MOST = 20, 60  # words


class Office(NamedTuple):
    """`handle` is what each platform's own form of it is made of."""

    number: int
    handle: str
    name: str


OFFICES = tuple(
    Office(n, f"{word}_example", f"{word.title()} Office of Example")
    for n, word in enumerate(("advisory", "liaison", "training", "support", "press", "reform", "medical", "joint"))
)


@dataclass(frozen=True, slots=True)
class Draft:
    number: int
    office: Office
    lang: str
    text: str
    created_at: datetime

    @property
    def title(self) -> str:
        """Its first eight words, for forms that have a title."""
        return " ".join(self.text.split()[:8])

    @property
    def link(self) -> str:
        return f"https://{self.office.handle.replace('_', '.')}/news/{self.number}"


# Each language: who, does what, with whom, about what, where or when. Any five make a sentence.
_PARTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "en": (
        ("Our advisors", "The commanding general", "A team of engineers", "The deputy minister",
         "Two liaison officers", "Instructors of the school", "The chief of staff", "Medics from three units"),
        ("met", "spoke", "sat down", "planned the next month", "walked the line", "went through the figures",
         "opened a course", "agreed on a calendar"),
        ("with leaders of the northern sector", "with the brigade's staff", "with the regional command",
         "with partner forces", "with officers of the first division", "with the governor", "with forty recruits"),
        ("to unify payroll and reporting,", "to build capacity for the coming winter,",
         "on stability and security,", "about fuel, spare parts and ammunition,",
         "on the reform plan and its next steps,", "to prepare the hand-over of a base,",
         "about families who return from the camps,"),
        ("near the river crossing", "at the staff college", "in the mountains east of the city", "early this week",
         "during a key leader engagement", "for the third time this year", "before the spring exercise"),
    ),
    "ar": (
        ("التقى مستشارونا", "اجتمع قائد الفرقة", "زار فريق من المهندسين", "تحدث نائب الوزير", "بحث ضباط الارتباط",
         "شارك مدربو الكلية"),
        ("صباح اليوم", "أمس", "هذا الأسبوع", "للمرة الثالثة هذا العام", "في مقر القيادة", "قرب المعبر"),
        ("مع قادة المحور الشمالي", "مع أركان اللواء", "مع القوات الشريكة", "مع المحافظ", "مع أربعين متدربا",
         "مع قيادة المنطقة"),
        ("لتوحيد الرواتب والتقارير،", "لبناء القدرات قبل الشتاء،", "حول الأمن والاستقرار،",
         "حول الوقود وقطع الغيار،", "حول خطة الإصلاح وخطواتها المقبلة،", "للتحضير لتسليم القاعدة،"),
        ("واتفقوا على جدول للعمل المشترك", "وشكروا الجنود على جهودهم", "وتابعوا سير التدريب",
         "وزاروا المستشفى الميداني", "وناقشوا عودة العائلات من المخيمات"),
    ),
    "ckb": (
        ("ڕاوێژکارانی ئێمە", "فەرماندەی تیپەکە", "تیمێکی ئەندازیاران", "جێگری وەزیر", "ئەفسەرانی پەیوەندی",
         "مامۆستایانی کۆلێژ"),
        ("ئەمڕۆ بەیانی", "دوێنێ", "لەم هەفتەیەدا", "بۆ جاری سێیەم", "لە بارەگای فەرماندەیی", "نزیک پردەکە"),
        ("لەگەڵ سەرکردەکانی میحوەری باکوور", "لەگەڵ ستافی لیواکە", "لەگەڵ هێزە هاوبەشەکان", "لەگەڵ پارێزگار",
         "لەگەڵ چل ڕاهێنراو"),
        ("بۆ یەکخستنی مووچە و ڕاپۆرتەکان،", "بۆ بنیاتنانی توانا پێش زستان،", "دەربارەی ئاسایش و سەقامگیری،",
         "دەربارەی سووتەمەنی و پارچەی یەدەگ،", "دەربارەی پلانی چاکسازی،"),
        ("کۆبوونەوە و ڕێککەوتن لەسەر خشتەی کار", "گفتوگۆیان کرد و سوپاسی سەربازەکانیان کرد",
         "سەردانی نەخۆشخانەیان کرد", "باسی گەڕانەوەی خێزانەکانیان کرد"),
    ),
    "kmr": (
        ("Şêwirmendên me", "Fermandarê tîpê", "Komek endezyar", "Cîgirê wezîr", "Efserên têkiliyê",
         "Mamosteyên dibistanê"),
        ("îro sibehê", "duh", "vê hefteyê", "cara sêyemîn", "li navenda fermandariyê", "li nêzî pirê"),
        ("bi serkirdeyên bakur re", "bi karmendên lîwayê re", "bi hêzên hevpar re", "bi parêzgar re",
         "bi çil leşkerên nû re"),
        ("ji bo yekkirina mûçe û raporan,", "ji bo avakirina şiyanan berî zivistanê,", "li ser ewlehî û aramiyê,",
         "li ser sotemenî û perçeyan,", "li ser plana reformê,"),
        ("civiyan û li ser salnameyê li hev kirin", "axivîn û spasiya leşkeran kirin", "serdana nexweşxaneyê kirin",
         "behsa vegera malbatan kirin"),
    ),
}  # fmt: skip
_LANGUAGES = ("en", "en", "en", "ar", "ar", "ckb", "ckb", "kmr")  # as offices of the region write, roughly


def drafts(posts: int, most: int) -> Iterator[list[Draft]]:
    """`posts` of them in pages of `most`, each page of one office, newest first, as a first look walks back."""
    for page, first in enumerate(range(1, posts + 1, most)):
        office = OFFICES[page % len(OFFICES)]
        yield [_draft(number, office) for number in range(first, min(first + most, posts + 1))]


def _draft(number: int, office: Office) -> Draft:
    chance = random.Random(number)
    lang = chance.choice(_LANGUAGES)
    return Draft(number, office, lang, _text(chance, lang, number), NEWEST - number * _APART)


def _text(chance: random.Random, lang: str, number: int) -> str:
    wanted = chance.randint(_FEWEST, _MOST)
    words: list[str] = []
    while len(words) < wanted:
        sentence = " ".join(chance.choice(part) for part in _PARTS[lang])
        words += f"{sentence} {chance.randint(2, 900)}.".split()
    return " ".join([*words[:wanted], f"#{number}"])
