"""Bytes to text, markup to lines, words to dates."""

from datetime import UTC, datetime

import pytest

from collector.reading import charset, dates, language, markup
from core import times
from core.errors import ParseError

ARABIC = "التقى المستشارون قادة البيشمركة في أربيل"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain", "ascii"),
        ("é", "utf-8-sig"),
        (ARABIC, "utf-16"),
        (ARABIC, "utf-32"),
        (ARABIC, "cp1256"),
        (ARABIC, "iso8859_6"),
        ("L’équipe a été “là” — déjà", "cp1252"),
        ("Встреча советников в Эрбиле прошла", "cp1251"),
        ("کۆبوونەوە", "utf-8"),
        ("<p>کۆبوونەوە</p>", "utf-16-le"),
        ("<p>کۆبوونەوە</p>", "utf-16-be"),
        ("\n<p>کۆبوونەوە</p>", "utf-32-le"),
        ('{"text": "é"}', "utf-16-le"),
        ("Danışmanlar pazartesi günü görüştü, çağrıda iş birliği istedi", "cp1254"),
        ("有志連合の顧問団は月曜日に司令官と会談した。", "cp932"),
        ("有志連合の顧問団は月曜日に司令官と会談した。", "euc_jp"),
        ("有志連合の顧問団は月曜日に司令官と会談した。", "iso2022_jp"),
        ("國際聯盟的顧問週一會見了指揮官，這是好的開始。", "big5"),
        ("国际联盟周一会见了指挥官，讨论了改革问题。", "gb18030"),
        ("Þetta er íslenskur texti um fund sem haldinn var á mánudaginn", "cp1252"),
        ("😀 emoji", "utf-8"),
    ],
)
def test_undeclared_text_is_read(text: str, encoding: str) -> None:
    assert charset.decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    "declared", ["text/html; charset=windows-1252", "text/html; charset=nonsense", "text/html; charset=base64"]
)
def test_utf_8_is_seen_whatever_is_declared(declared: str) -> None:
    assert charset.decode("Civîna şêwirmendan".encode(), declared) == "Civîna şêwirmendan"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (ARABIC, "cp1256"),
        ("Встреча советников прошла", "cp1251"),
        ("Danışmanlar görüştü, iş birliği", "cp1254"),
        ("déjà vu à l’école", "cp1252"),
    ],
)
def test_western_europes_encoding_is_declared_by_default_and_tells_nothing(text: str, encoding: str) -> None:
    assert charset.decode(text.encode(encoding), "text/html; charset=iso-8859-1") == text


def test_what_is_declared_counts_where_it_fits() -> None:
    assert charset.decode("Ğüş ığ".encode("cp1254"), "text/html; charset=iso-8859-9") == "Ğüş ığ"
    assert charset.decode(b'<meta charset="koi8-r">' + "Мир".encode("koi8-r")) == '<meta charset="koi8-r">Мир'


def test_a_broken_letter_in_utf_8_does_not_spoil_the_rest() -> None:
    body = (ARABIC * 3).encode() + b"\xd8 " + ARABIC.encode()
    assert charset.decode(body).startswith(ARABIC * 3)
    assert charset.decode(body).endswith(ARABIC)


def test_control_characters_and_surrogates_go_and_line_ends_are_one() -> None:
    assert charset.clean("a\x00b\x0bc\r\nd\re\ud800f\ufffe") == "abc\nd\nef"


@pytest.mark.parametrize("body", [b"%PDF-1", b"\x89PNG", b"\xff\xd8\xff\xe0", bytes(100), b"PK\x03\x04"])
def test_binary_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        charset.decode(body)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>a</p><p>b<br>c</p>", "a\nb\nc"),
        ("a&nbsp;&amp;&nbsp;b", "a & b"),
        ("a<script>x</script>b", "ab"),
        ("<ul><li>a<li>b</ul>", "a\nb"),
        ("a <b>b</b>\n c<!-- x -->d", "a b cd"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a\nb"),
        ("&lt;b&gt;", "<b>"),
        ("<p>it&#146;s &#8212; so</p>", "it’s — so"),
        ("it&#146;s", "it’s"),
        ("&amp;lt;", "&lt;"),
        ("", ""),
        ("<", "<"),
    ],
)
def test_markup_becomes_lines(source: str, text: str) -> None:
    assert markup.plain(source) == text


@pytest.mark.parametrize(
    ("url", "base", "found"),
    [
        ("/b?c", "https://a.example/x", "https://a.example/b?c"),
        ("//b.example/", "https://a.example", "https://b.example/"),
        (" https://a.example/b c ", "", "https://a.example/b%20c"),
        ("javascript:x", "https://a.example", None),
        ("data:text/html,x", "https://a.example", None),
        ("file:///etc", "", None),
        ("https://[x", "", None),
        ("/b", "", None),
        (None, "https://a.example", None),
    ],
)
def test_only_web_addresses_are_links(url: str | None, base: str, found: str | None) -> None:
    assert markup.absolute(url, base) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2026-05-04T10:00:00+03:00", ("2026-05-04T07:00:00Z", "second")),
        ("2026-05-04T10:00Z", ("2026-05-04T10:00:00Z", "second")),
        ("2026-05-04 10:00:00", ("2026-05-04T00:00:00Z", "day")),
        ("2026-5-4", ("2026-05-04T00:00:00Z", "day")),
        ("2026-05-04T10:00:00.5+0300", ("2026-05-04T07:00:00Z", "second")),
        ("2026-13-04", None),
        ("0000-01-01", None),
        ("2026-05-04T25:00:00Z", None),
        ("May 2026", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_iso_times_are_exact_only_with_a_zone(value: str, found: tuple[str, str] | None) -> None:
    when = dates.iso(value)
    assert (when and (times.text(when.moment), when.precision)) == found


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("May 4, 2026", 4),
        ("4th of May 2026", 4),
        ("٤ مايو ٢٠٢٦", 4),
        ("4 أيار 2026", 4),
        ("4 Gulan 2026", 4),
        ("4 مای 2026", None),
        ("٤ی ئایاری ٢٠٢٦", 4),
        ("4ê Gulanê 2026", 4),
        ("4 травня 2026 р.", 4),
        ("4 Μαΐου 2026", 4),
        ("4. května 2026", 4),
        ("4 พฤษภาคม 2569", None),
        ("10:05 PM · May 4, 2026", 4),
        ("Mon, May 4, 2026", 4),
        ("2026年5月4日", 4),
        ("13.5.2026", 13),
        ("4.5.2026", None),
        ("May 2026", None),
        ("May 44, 2026", None),
        ("said on May 4, 2026 that", None),
        ("yesterday", None),
        ("4", None),
    ],
)
def test_whole_dates_in_words(value: str, day: int | None) -> None:
    assert dates.day_in_words(value) == (day and datetime(2026, 5, day, tzinfo=UTC))


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("Mon, 04 May 2026 10:00:00 +0300", ("2026-05-04T10:00:00Z", "second")),
        ("2026-05-04T10:00:00Z", ("2026-05-04T10:00:00Z", "second")),
        ("Mon, 04 May 2026 10:00:00 GMT", ("2026-05-04T10:00:00Z", "second")),
        ("Mon, 04 May 2026 10:00:00 GMT+0300", ("2026-05-04T10:00:00Z", "second")),
        ("Mon, 04 May 2026 10:00:00 CEST", ("2026-05-04T08:00:00Z", "second")),
        ("Mon, 04 May 2026 10:00:00 IST", ("2026-05-04T00:00:00Z", "day")),
        ("Mon, 04 May 2026 10:00:00", ("2026-05-04T00:00:00Z", "day")),
        ("2026-05-04", ("2026-05-04T10:00:00Z", "day")),
    ],
)
def test_what_a_feeds_reader_took_for_utc_is_as_exact_as_its_zone(written: str, found: tuple[str, str]) -> None:
    when = dates.by_zone(datetime(2026, 5, 4, 10, tzinfo=UTC), written)
    assert (times.text(when.moment), when.precision) == found


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("1777888800", "2026-05-04T10:00:00Z"),
        ("1777888800000", "2026-05-04T10:00:00Z"),
        ("Mon, 04 May 2026 10:00:00 GMT+3", "2026-05-04T07:00:00Z"),
        ("Mon, 44 May 2026 10:00:00 GMT+3", None),
        ("20260504", None),
    ],
)
def test_counted_seconds_and_offsets_in_words_are_times(written: str, moment: str | None) -> None:
    when = dates.counted(written)
    assert (when and times.text(when.moment)) == moment


def test_a_date_before_the_web_or_days_ahead_cannot_be() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    assert dates.plausible(datetime(2026, 6, 1, 20, tzinfo=UTC), now)
    assert not dates.plausible(datetime(2026, 6, 3, tzinfo=UTC), now)
    assert not dates.plausible(datetime(1989, 12, 31, tzinfo=UTC), now)


@pytest.mark.parametrize(
    ("declared", "text", "code"),
    [
        ("en_US", "The talks went on", "en"),
        ("und", "The talks of the day went on", "en"),
        ("ar-IQ", ARABIC, "ar"),
        ("en", ARABIC, "ar"),
        ("fa", "دیدار امروز در تهران برگزار شد", "fa"),
        ("kur", ARABIC, "ckb"),
        ("??", "", None),
    ],
)
def test_a_declared_language_is_believed_if_its_letters_agree(declared: str, text: str, code: str | None) -> None:
    assert language.resolve(declared, text) == code
