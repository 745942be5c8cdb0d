"""The releases' benchmark runs from end to end, and all write the same rows; how fast is no test's question."""

import json
from pathlib import Path

import pytest

from benchmarks.exporting import __main__ as command
from benchmarks.exporting import checking, page, runs
from benchmarks.exporting.contenders import ALL, DUMP, FORMATS, NARROW_ONE, OURS, PLAIN, PUBLIC, TABLES
from benchmarks.exporting.running import Asked, Found
from benchmarks.exporting.runs import Run
from core.errors import KleError
from exports import tables

TINY = ("--posts", "300", "--compared", "100000")
METRICS = tables.every(())["metrics"]
AT, COUNTED = "2025-08-18T06:00:00Z", {"likes": 3, "reposts": None, "replies": 0, "quotes": None, "views": None}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exporting")


def test_everybody_who_is_there_writes_the_same_rows(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown, figures = tmp_path / "page.md", tmp_path / "figures.json"
    shown.write_text("# Alerts, measured\n\nIts figures.\n")
    asked = [*TINY, "--format", "csv", "--cache", str(cache), "--markdown", str(shown), "--json", str(figures)]
    assert command.main(asked) == 0, capsys.readouterr().err
    found, text = json.loads(figures.read_bytes()), shown.read_text()
    csv = found["sizes"]["300"]["csv"]
    there = [one for one in ALL if "csv" in one.formats and not one.missing]
    assert set(csv) == {one.name for one in there} >= {OURS.name, PLAIN.name, NARROW_ONE.name}
    assert all(
        csv[one.name]["rows"] == {t: csv[OURS.name]["rows"][t] for t in one.tables} for one in there if one.whole
    )
    assert set(csv[OURS.name]["rows"]) == set(TABLES) and csv[OURS.name]["rows"]["posts"] == 300
    assert 0 < csv[NARROW_ONE.name]["rows"]["posts"] < 150
    assert all(min(run["seconds"], run["cpu"], run["peak"], run["size"]) > 0 for run in csv.values())
    assert all(f"\n| {name} |" in text for name in csv)
    assert set(found["missing"]) == {name for one in ALL for name in one.missing}
    assert text.startswith("# Alerts, measured\n\nIts figures.\n\n# Releases, measured\n")
    assert [file.name for file in cache.iterdir() if not file.name.startswith("posts-")] == []


@pytest.mark.skipif(bool(DUMP.missing), reason=f"of requirements-bench.txt {', '.join(DUMP.missing)} is not there")
def test_the_dump_by_adbc_has_the_same_rows_in_every_format(cache: Path, tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    assert command.main([*TINY, "--cache", str(cache), "--json", str(figures)]) == 0
    found = json.loads(figures.read_bytes())
    assert set(found["sizes"]["300"]) == set(FORMATS)
    assert all(DUMP.name in of_format for of_format in found["sizes"]["300"].values())
    assert PUBLIC.name in found["sizes"]["300"]["parquet"]
    assert len(found["targets"]) == 2 * len(FORMATS)


def test_forms_that_say_the_same_are_the_same(tmp_path: Path) -> None:
    table = tables.every(("reform",))["posts"]
    topics = {"reform": {"probability": 1, "decision": "tagged"}}
    tags = [{"topic": name, "probability": 1.0, "evidence": None} for name in ("reform", "training")]
    nested = dict.fromkeys(field.name for field in table.fields) | {
        "id": "x:1", "created_at": AT, "synthetic": True, "topics": topics, "tags": tags, "links": ["[a]", "b"]
    }  # fmt: skip
    flat = dict.fromkeys(table.columns(), "") | {
        "id": "x:1", "created_at": "2025-08-18 06:00:00.000000", "synthetic": "1",
        "topics_reform_probability": "1.0", "topics_reform_decision": "tagged", "links": '["[a]", "b"]',
        "tags": '[{"topic":"training","probability":1},{"probability":1,"topic":"reform"}]', "rowid": "1",
    }  # fmt: skip
    ours = _lines(tmp_path / "ours.jsonl", nested)
    theirs = tmp_path / "theirs.csv"
    _csv(theirs, flat)
    checking.compare(ours, theirs, table)
    _csv(theirs, flat | {"synthetic": "0"})
    with pytest.raises(KleError, match=r"lacks 1 of our 1 rows: x:1: \{'synthetic': \('1', '0'\)\}"):
        checking.compare(ours, theirs, table)


def test_columns_have_to_be_the_same(tmp_path: Path) -> None:
    row = {"id": "x:1", "observed_at": AT, **COUNTED}
    ours = _lines(tmp_path / "ours.jsonl", row)
    with pytest.raises(KleError, match="columns that a release has not: shares"):
        checking.compare(ours, _lines(tmp_path / "more.jsonl", {**row, "shares": 1}), METRICS)
    fewer = _lines(tmp_path / "fewer.jsonl", {name: value for name, value in row.items() if name != "likes"})
    with pytest.raises(KleError, match="no column likes"):
        checking.compare(ours, fewer, METRICS)


def test_a_row_that_stands_twice_has_to_stand_twice(tmp_path: Path) -> None:
    row, other = ({"id": one, "observed_at": AT, **COUNTED} for one in ("x:1", "x:2"))
    twice = _lines(tmp_path / "twice.jsonl", row, row)
    checking.compare(twice, _lines(tmp_path / "same.jsonl", row, row), METRICS)
    with pytest.raises(KleError, match="lacks 1 of our 2 rows"):
        checking.compare(twice, _lines(tmp_path / "once.jsonl", row, other), METRICS)


def test_rows_are_counted_as_their_format_has_them(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,text\nx:1,"two\nlines"\nx:2,\n')
    assert checking.count(tmp_path / "a.csv") == 2
    assert checking.count(_lines(tmp_path / "a.jsonl", {"id": "x:1"}, {"id": "x:2"}, {"id": "x:3"})) == 3


def test_a_contender_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(KleError, match=f"(?s){PLAIN.name} could not write csv: .*unable to open database file"):
        runs.write(PLAIN.name, tmp_path / "nowhere.sqlite", tmp_path, "csv")


def test_the_page_says_what_a_target_was_missed_by(tmp_path: Path) -> None:
    rows = {"posts": 10}
    one = {OURS.name: Run(8, 4, 200_000_000, rows, 5), DUMP.name: Run(2, 1, 400_000_000, rows, 4)}
    found = Found(Asked((10,), 1, tmp_path), [], {10: {"csv": one}})
    text = page.markdown(found, {"python": "3", "sqlite": "3", "system": "Linux", "cores": 2, "load": 0.5})
    assert "| 10 posts as csv, times of the ADBC dump | ≤ 3 | 4 | **no** |" in text
    assert "| 10 posts as csv, bytes of memory | ≤ 300.0 MB | 200.0 MB | yes |" in text


def _lines(file: Path, *rows: dict[str, object]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def _csv(file: Path, row: dict[str, str]) -> None:
    import csv

    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(row))
        writer.writeheader()
        writer.writerow(row)
