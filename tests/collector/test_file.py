"""The project's own post form: slices of large files, line numbers, bad lines."""

import gzip
import json
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from collector import kinds
from collector.fetch import Fetcher
from collector.formats import _cut
from collector.platforms import file
from core.errors import ParseError, Refused, SettingsError
from core.post import Problem, SeenPost
from tests.collector.pages import page


def record(number: int, **more: Any) -> dict[str, Any]:
    return {
        "platform": "x", "platform_id": str(number), "kind": "post", "text": f"Invented post {number}. " * 8,
        "account": {"platform": "x", "handle": "@office_example", "name": "Office of Example"}, "lang": "en",
        "created_at": "2026-05-04T10:00:00Z", "links": ["https://office.example/"], "synthetic": True, **more,
    }  # fmt: skip


def written(path: Path, numbers: range) -> Path:
    path.write_bytes(b"".join(orjson.dumps(record(n)) + b"\n" for n in numbers))
    return path


def ids(pages: Any) -> list[str]:
    return [item.platform_id for one in pages for item in file.parse(one) if isinstance(item, SeenPost)]


def test_a_large_file_comes_in_slices_cut_at_line_ends_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cut, "SLICE", 3_000)
    pages = list(file.slices(written(tmp_path / "a.jsonl", range(100)), {"files": {"a": "digest"}}))
    assert len(pages) > 5
    assert ids(pages) == [str(n) for n in range(100)]
    assert [bool(p.state) for p in pages] == [False] * (len(pages) - 1) + [True]


def test_line_numbers_go_on_over_the_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cut, "SLICE", 3_000)
    path = written(tmp_path / "a.jsonl", range(50))
    with path.open("ab") as out:
        out.write(b"{broken\n")
    problems = [i for p in file.slices(path) for i in file.parse(p) if isinstance(i, Problem)]
    assert [p.error.partition(":")[0] for p in problems] == ["line 51"]


def test_packed_files_and_arrays_give_the_same_posts(tmp_path: Path) -> None:
    plain = written(tmp_path / "a.jsonl", range(30))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
    (tmp_path / "a.json").write_text(json.dumps([record(n) for n in range(30)], indent=1))
    expected = ids(file.slices(plain))
    assert len(expected) == 30
    assert ids(file.slices(tmp_path / "a.jsonl.gz")) == ids(file.slices(tmp_path / "a.json")) == expected


def test_a_damaged_packed_file_is_refused_after_what_could_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"{}\n" * 1000)[:-6])
    with pytest.raises(Refused, match="cannot be read"):
        list(file.slices(tmp_path / "a.gz"))
    with pytest.raises(ParseError, match="damaged"):
        list(file.parse(page((tmp_path / "a.gz").read_bytes())))


def test_an_unchanged_file_is_not_read_again(fetcher: Fetcher, tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", range(3))
    target = file.Target(path="*.jsonl")
    (first,) = file.fetch(target, fetcher, {})
    assert list(file.fetch(target, fetcher, first.state)) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "is no JSON"),
        ("[]", "is no object"),
        ("3", "is no object"),
        ('{"platform":"x"}', "platform_id is missing"),
        (json.dumps(record(1, kind="poem")), "is not one of"),
        (json.dumps(record(1, created_at="soon")), "RFC 3339"),
        (json.dumps(record(1, sightings=5)), "sightings"),
        (json.dumps(record(1, account=[])), "account"),
    ],
)
def test_a_bad_line_is_a_problem_with_its_number_and_the_others_go_on(line: str, reason: str) -> None:
    body = f"{json.dumps(record(1))}\n\n{line}\n{json.dumps(record(2))}"
    first, problem, last = file.parse(page(body))
    assert isinstance(problem, Problem)
    assert problem.error.startswith("line 3: ")
    assert reason in problem.error
    assert isinstance(first, SeenPost)
    assert isinstance(last, SeenPost)


def test_synthetic_is_each_records_own() -> None:
    body = "\n".join(json.dumps(record(n, synthetic=n == 1)) for n in (1, 2))
    assert [item.synthetic for item in file.parse(page(body)) if isinstance(item, SeenPost)] == [True, False]


def test_an_empty_file_gives_nothing_and_prose_is_refused() -> None:
    assert list(file.parse(page(""))) == []
    with pytest.raises(ParseError, match="no JSON object"):
        list(file.parse(page("Dear reader,\n")))


def test_parsing_leaves_the_budget_to_the_database(tmp_path: Path) -> None:
    pages = list(file.slices(written(tmp_path / "a.jsonl", range(10_000))))
    start = time.process_time()
    assert len(ids(pages)) == 10_000
    assert time.process_time() - start < 0.4 * 2  # 40 microseconds a record; twice that on a busy machine


def test_a_source_may_name_its_format_and_whose_archive_it_is(fetcher: Fetcher, tmp_path: Path) -> None:
    (tmp_path / "tweets.js").write_text('window.YTD.tweets.part0 = [{"tweet": {"id_str": "1", "full_text": "a"}}]')
    target = kinds.target("s", "file", {"path": "tweets.js", "format": "x_archive", "account": "@office_example"})
    (found,) = [item for one in file.fetch(target, fetcher, {}) for item in file.parse(one)]  # type: ignore[arg-type]
    assert isinstance(found, SeenPost) and found.account and found.account.handle == "@office_example"
    with pytest.raises(
        SettingsError, match=r"\[\[source\]\] s\.format = 'paper': is no format; there are auto, post_form"
    ):
        kinds.target("s", "file", {"path": "tweets.js", "format": "paper"})
