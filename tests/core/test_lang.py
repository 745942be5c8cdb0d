"""The four languages of the product are told apart; others and too little text are none."""

import pytest

from core.lang import detect


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Coalition advisors met with peshmerga leaders to discuss the reform of the forces.", "en"),
        ("Great meeting today! #KLE https://t.co/abc", "en"),
        ("Partner forces and advisors meet regularly in order to build capacities.", "en"),
        ("التقى مستشارو التحالف بقادة البيشمركة في أربيل لبحث إصلاح القوات", "ar"),
        ("اجتماع اليوم مع وزارة الدفاع حول تدريب القوات", "ar"),
        ("ڕاوێژکارانی هاوپەیمانان لەگەڵ فەرماندەکانی پێشمەرگە کۆبوونەوە", "ckb"),
        ("چاکسازی لە هێزەکانی پێشمەرگەدا بەردەوامە", "ckb"),
        ("Şêwirmendên hevpeymaniyê bi fermandarên pêşmerge re civiyan û li ser reformê axivîn", "kmr"),
        ("Hêzên pêşmerge li Hewlêrê perwerde dibin", "kmr"),
        ("Der Ausschuss hat gestern über die Ausbildung der Streitkräfte beraten und entschieden", None),
        ("Le général a rencontré les conseillers de la coalition à Erbil pour évoquer la réforme", None),
        ("El comité debatió ayer sobre la formación de las fuerzas armadas del país", None),
        ("مشاوران ائتلاف با فرماندهان پیشمرگه درباره گسترش همکاری گفتگو کردند", None),  # Persian
        ("Bugün Ankara'da güvenlik güçlerinin eğitimi hakkında bir toplantı yapıldı", None),
        ("Совет обсудил подготовку сил безопасности", None),
        ("会议讨论了部队训练", None),
        ("", None),
        ("🇮🇶", None),
        ("12:30", None),
        ("https://news.example/the-end-of-the-road @the", None),
    ],
)
def test_languages(text, code):
    assert detect(text) == code


def test_links_mentions_and_hashtags_do_not_speak_for_a_language():
    sorani = "کۆبوونەوەی هەولێر"
    assert detect(f"{sorani} https://example.org/with/the/and/of @the_coalition #WithThe") == "ckb"
