"""What researchers open files with reads them as they are: pandas, polars, DuckDB, datasets and pyarrow's datasets.

Each in a process of its own: they warn of things that are theirs to mend.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from core import plugins, times
from exports.batch import Options, Row
from tests.exports.formats.rows import ODD, TABLES, example, write

POSTS = TABLES["posts"]
TEXTS = [text for text in ODD if text] + ["", None]
FORMATS = plugins.load("exports.formats")
READ = {
    "pandas": """
import pandas
made = {
    "csv": pandas.read_csv("posts.csv", keep_default_na=False, na_values=[""], date_format="ISO8601",
                           parse_dates=["created_at", "deleted_at"]),
    "jsonl": pandas.read_json("posts.jsonl", lines=True, convert_dates=["created_at", "deleted_at"], dtype=False),
    "parquet": pandas.read_parquet("posts.parquet"),
}
def rows(frame):
    return frame.to_dict("records")
""",
    "polars": """
import polars
made = {
    "csv": polars.read_csv("posts.csv", try_parse_dates=True, infer_schema_length=None),
    "jsonl": polars.read_ndjson("posts.jsonl", infer_schema_length=None),
    "parquet": polars.read_parquet("posts.parquet"),
}
def rows(frame):
    return frame.to_dicts()
""",
    "duckdb": """
import duckdb
made = {
    "csv": duckdb.sql("SELECT * FROM read_csv_auto('posts.csv', sample_size = -1)"),
    "jsonl": duckdb.sql("SELECT * FROM read_json_auto('posts.jsonl', sample_size = -1)"),
    "parquet": duckdb.sql("SELECT * FROM read_parquet('posts.parquet')"),
}
def rows(found):
    return [dict(zip(found.columns, row)) for row in found.fetchall()]
""",
    "datasets": """
import datasets
kinds = {"csv": "csv", "jsonl": "json", "parquet": "parquet"}
options = {"csv": {"keep_default_na": False, "na_values": [""]}}
made = {
    name: datasets.load_dataset(kind, data_files=f"posts.{name}", split="train", **options.get(name, {}))
    for name, kind in kinds.items()
}
def rows(found):
    return list(found)
""",
    "pyarrow.dataset": """
from pyarrow import dataset
made = {"parquet": dataset.dataset("posts.parquet")}
def rows(found):
    return found.to_table().to_pylist()
""",
}
PRINT = """
import json
from datetime import datetime
def plain(value):
    value = value.tolist() if hasattr(value, "tolist") else value
    if value is None or value != value:  # NaN and NaT
        return None
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value if isinstance(value, (str, int, float)) else str(value)
print(json.dumps({name: [plain(row) for row in rows(frame)] for name, frame in made.items()}))
"""


def _row(number: int, text: str | None) -> Row:
    return example(
        POSTS,
        id=f"x:{number:04}",
        text=text,
        account={"platform": "x", "handle": "@office", "name": "Office", "actor": None} if number % 2 else None,
        created_at="2026-01-01T00:00:00.500000Z" if number % 3 else "2025-12-31T23:59:59Z",
        deleted_at=None if number % 4 else "2026-02-01T00:00:00Z",
        links=["https://a.example/?b=1,2", "https://b.example"][: number % 3],
        topics={"reform": {"probability": 0.25, "decision": "not"}, "training": None},
        synthetic=number % 2 == 0,
        versions=number + 1,
    )


ROWS = [_row(number, text) for number, text in enumerate(TEXTS)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    for name, plugin in FORMATS.items():
        write(plugin, folder / f"posts.{name}", POSTS, ROWS, Options(raw=True))
    return folder


@pytest.fixture(scope="module", params=READ)
def found(request: pytest.FixtureRequest, folder: Path) -> dict[str, list[Row]]:
    env = {**os.environ, "HF_HOME": str(folder / "cache"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", READ[request.param] + PRINT],
        cwd=folder,
        env=env,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return dict(orjson.loads(done.stdout.splitlines()[-1]))


def moment(value: Any) -> float:
    """A number of seconds, or the text where a reader knows no times in JSON."""
    return value if isinstance(value, float) else times.parse(str(value)).timestamp()


def test_every_row_has_its_text(found: dict[str, list[Row]]) -> None:
    for name, rows in found.items():
        said = [row["text"] or None for row in rows] if name == "csv" else [row["text"] for row in rows]
        assert (name, said) == (name, [text or None for text in TEXTS] if name == "csv" else TEXTS)


def test_flags_numbers_and_times_are_such(found: dict[str, list[Row]]) -> None:
    for rows in found.values():
        assert [(row["id"], row["synthetic"], row["versions"]) for row in rows] == [
            (row["id"], row["synthetic"], row["versions"]) for row in ROWS
        ]


def test_times_are_those_of_the_rows_and_in_utc(found: dict[str, list[Row]]) -> None:
    for name, rows in found.items():
        if name == "parquet":
            assert {type(row["created_at"]) for row in rows} == {float}
        if name == "csv" or all(isinstance(row["created_at"], str) for row in rows):
            assert [moment(row["created_at"]) for row in rows] == [moment(row["created_at"]) for row in ROWS]


def test_nested_fields_are_records_and_lists_or_columns(found: dict[str, list[Row]]) -> None:
    for name, rows in found.items():
        if name == "csv":
            assert [row["account_handle"] for row in rows] == [r["account"] and "@office" for r in ROWS]
            assert [orjson.loads(row["links"]) for row in rows] == [row["links"] for row in ROWS]
            assert {row["topics_reform_probability"] for row in rows} == {0.25}
        else:
            assert [row["account"] and row["account"]["handle"] for row in rows] == [
                row["account"] and "@office" for row in ROWS
            ]
            assert [row["links"] for row in rows] == [row["links"] for row in ROWS]
            assert {row["topics"]["reform"]["probability"] for row in rows} == {0.25}
