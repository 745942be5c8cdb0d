"""What a file is, told by its first bytes; and where it may be cut."""

import json
from pathlib import Path

import pytest

from collector.formats import _array, _cut, _reading, _table
from collector.formats._start import sniff
from collector.platforms import file
from core.errors import ParseError, Refused
from core.page import Page
from core.post import Problem, SeenPost
from tests.collector.pages import page

PAYLOADS = Path(__file__).parents[2] / "contracts" / "payloads" / "file"
FORMATS = {
    "posts.jsonl": "post_form", "array.json": "post_form", "api_answer.json": "post_form",
    "posts.csv": "release_csv", "release.jsonl": "release",
    "twarc2.jsonl": "x_api", "flattened.jsonl": "x_api", "streamed_v1.jsonl": "x_api",
    "tweets.js": "x_archive", "tweet.js": "x_archive", "note-tweet.js": "x_archive",
    "bluesky_records.json": "bluesky", "jetstream.jsonl": "bluesky",
    "mastodon_statuses.json": "mastodon", "outbox.json": "mastodon",
    "4cat_x.csv": "four_cat", "4cat_tcat.csv": "four_cat", "4cat_bluesky.csv": "four_cat",
    "4cat_fediverse.csv": "four_cat", "zeeschuimer.ndjson": "zeeschuimer",
}  # fmt: skip


def bodies(path: Path) -> list[Page]:
    return list(file.slices(path, account="office_example"))


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_format_is_told_by_content_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / "download.txt").write_bytes((PAYLOADS / name).read_bytes())
    assert {one.headers[file.FORMAT] for one in bodies(tmp_path / "download.txt")} == {FORMATS[name]}


def test_every_format_has_a_payload() -> None:
    assert set(FORMATS.values()) == set(file.formats())
    assert {p.name for p in PAYLOADS.iterdir() if not p.name.endswith(".expected.json")} == set(FORMATS)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_slices_give_what_the_whole_file_gives(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [item for one in bodies(PAYLOADS / name) for item in file.parse(one)]
    monkeypatch.setattr(_cut, "SLICE", 700)
    cut = bodies(PAYLOADS / name)
    assert b"".join(one.body for one in cut) == (PAYLOADS / name).read_bytes()
    assert [item for one in cut for item in file.parse(one)] == whole
    assert int(cut[-1].headers[file.DONE]) == (PAYLOADS / name).stat().st_size


def test_brackets_and_quotes_inside_strings_end_no_item() -> None:
    items = b'{"a": "]}\\\\\\"{"}, {"b": [1, {"c": "}"}]} , {"cut": "of'
    assert [items[start:end] for start, end in _array.spans(items)] == [
        b'{"a": "]}\\\\\\"{"}', b'{"b": [1, {"c": "}"}]}',
    ]  # fmt: skip


def test_what_stands_before_the_end_of_a_cut_off_array_is_read() -> None:
    body = b'[{"a": 1}, {"b": 2}, {"c'
    values = _array.values(body, first=True, last=True)
    assert [next(values), next(values)] == [{"a": 1}, {"b": 2}]
    with pytest.raises(ParseError, match="breaks off"):
        next(values)


def test_a_table_is_cut_outside_quotation_marks_only() -> None:
    body = b'id,body\n1,"a ""b""\n c"\n2,"open\n'
    assert body[: _table.last_end(body)] == b'id,body\n1,"a ""b""\n c"\n'
    assert _table.last_end(b'id,"body\n1') == 0


@pytest.mark.parametrize("parted_by", [",", ";", "\t"])
def test_tables_that_a_spreadsheet_saved_are_read(parted_by: str) -> None:
    rows = [["platform", "platform_id", "account_handle", "text"], ["x", "5", "@office_example", "Synthetic"]]
    body = "\ufeff" + "\r\n".join(parted_by.join(row) for row in rows)
    (post,) = file.parse(page(body))
    assert isinstance(post, SeenPost) and post.text == "Synthetic"


def test_a_row_with_other_columns_than_the_first_is_a_problem() -> None:
    body = "platform,platform_id,account_handle,text\nx,1,@a,Synthetic\nx,2,@a\nx,3,@a,Synthetic\n"
    first, problem, last = file.parse(page(body))
    assert isinstance(problem, Problem) and problem.error.startswith("line 3: has 3 columns")
    assert isinstance(first, SeenPost) and isinstance(last, SeenPost)


def test_a_quotation_that_is_never_closed_costs_its_own_row_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f'x,{n},@a,"Synthetic: row {n}"\n' for n in range(1, 200)]
    rows[3] = 'x,4,@a,"Synthetic: open\n'
    (tmp_path / "a.csv").write_text("platform,platform_id,account_handle,text\n" + "".join(rows))
    whole = list(file.parse(page((tmp_path / "a.csv").read_bytes())))
    problems = [item.error for item in whole if isinstance(item, Problem)]
    assert len(whole) == 199 and len(problems) == 1 and problems[0].startswith("line 5: opens a quotation")
    monkeypatch.setattr(_cut, "SLICE", 500)
    cut = [item for one in bodies(tmp_path / "a.csv") for item in file.parse(one)]
    assert sum(isinstance(item, SeenPost) for item in cut) >= 195


def test_a_table_without_fitting_quotation_marks_is_given_up() -> None:
    body = "platform,platform_id,account_handle,text\n" + 'x,1,@a,"open\n' * 401
    with pytest.raises(ParseError, match="malformed from line"):
        list(file.parse(page(body)))


def test_json_lines_under_what_a_program_said_are_still_lines() -> None:
    body = 'saving 2 posts\n{"platform":"x","platform_id":"1","text":"Synthetic"}\n'
    problem, post = file.parse(page(body))
    assert isinstance(problem, Problem) and isinstance(post, SeenPost)


def test_what_a_shell_of_windows_wrote_is_read(tmp_path: Path) -> None:
    text = '{"platform":"x","platform_id":"1","text":"Synthetic: كوردستان"}\r\n'
    (tmp_path / "a.jsonl").write_bytes(text.encode("utf-16"))
    (one,) = bodies(tmp_path / "a.jsonl")
    (post,) = file.parse(one)
    assert isinstance(post, SeenPost) and post.text == "Synthetic: كوردستان"
    for name in ("utf-16", "utf-16-le", "utf-16-be"):
        (tmp_path / "a.jsonl").write_bytes(text.encode(name))
        (one,) = bodies(tmp_path / "a.jsonl")
        assert list(file.parse(one)) == list(file.parse(page(text.encode(name)))) == [post]


def indented(count: int) -> bytes:
    """As jq writes objects when nobody asks for less."""
    posts = ({"platform": "mastodon", "platform_id": f"a.example/{n}", "text": f"{{ {n}"} for n in range(count))
    return "\n".join(json.dumps(post, indent=2) for post in posts).encode()


def test_objects_over_many_lines_one_after_another_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cut, "SLICE", 300)
    (tmp_path / "a.json").write_bytes(indented(20) + b"\n")
    pages = bodies(tmp_path / "a.json")
    found = [item for one in pages for item in file.parse(one)]
    assert len(pages) > 3 and found == list(file.parse(page(indented(20))))
    assert [item.text for item in found if isinstance(item, SeenPost)] == [f"{{ {n}" for n in range(20)]


def test_of_objects_one_after_another_a_broken_one_is_one_problem() -> None:
    between = list(file.parse(page(indented(2) + b"\n{\n  broken\n}\n" + indented(1))))
    assert [type(item) for item in between] == [SeenPost, SeenPost, Problem, SeenPost]
    *_, last = file.parse(page(indented(3)[:-5]))
    assert isinstance(last, Problem) and last.error == "record 3: breaks off: its end is missing"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"PK\x03\x04...", "ZIP"),
        (b"PAR1....", "Parquet"),
        (b"BZh9....", "bzip2"),
        (b'{"colour": "red"}\n', r"no known format \(post_form, .*zeeschuimer\); what it holds is: colour"),
        (b"colour,shape,weight\nred,round,3\n", "what it holds is: colour, shape, weight"),
        (b'window.YTD.like.part0 = [{"like": {}}]', "YTD.like.part0; of an archive of X tweets.js"),
        (b'window.YTD.deleted_tweets.part0 = [{"tweet": {}}]', "deleted by their author"),
        (b"id,version,topic,valid_from\n", "table tags of a release"),
        (b"id,number,change,text_sha256\n", "table versions of a release"),
    ],
)
def test_what_is_not_read_is_refused_whole_with_what_it_is(body: bytes, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        list(file.parse(page(body)))


def test_a_record_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cut, "SLICE", 100)
    monkeypatch.setattr(_cut, "LIMIT", 1000)
    (tmp_path / "a.jsonl").write_text('{"platform": "x"}\n' + "x" * 5000)
    with pytest.raises(Refused, match="record of more than 1,000 bytes"):
        bodies(tmp_path / "a.jsonl")


def test_a_shape_is_no_matter_of_the_first_line_being_sound() -> None:
    assert sniff(b'{cut off\n{"platform": "x"}\n').shape == "lines"
    assert sniff(json.dumps({"items": []}, indent=0).encode()).shape == "object"
    assert sniff(b'{cut off\n{"also": cut off\n').shape == "lines"


def test_an_unknown_format_names_those_that_exist() -> None:
    with pytest.raises(ParseError, match="there are auto, post_form, bluesky"):
        _reading.one("paper")
