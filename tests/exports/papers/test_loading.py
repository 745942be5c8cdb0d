"""`datasets.load_dataset(DIR)` takes a release as it is, without a network, with the types of the tables."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.exports.papers import made
from tests.exports.papers.made import FORMATS

_LOAD = """
import json, sys
import datasets

datasets.disable_progress_bars()
found = {}
for name in [None, *sys.argv[2:]]:
    train = datasets.load_dataset(sys.argv[1], name)["train"]
    found[name or ""] = [{k: str(v) for k, v in train.features.items()}, train.to_list()]
print(json.dumps(found, default=lambda time: time.isoformat()))
"""


def loaded(folder: Path, *names: str) -> Any:
    """By name of the table, "" for that which is read without one: [types, rows]."""
    env = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(folder.parent / "cache"), "HOME": "/"}
    command = [sys.executable, "-c", _LOAD, str(folder), *names]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("format_", FORMATS)
def test_each_table_loads_by_its_name_with_its_types(tmp_path: Path, format_: str) -> None:
    folder = tmp_path / "release"
    made.released(format_, folder)
    found = loaded(folder, "tags", "versions", "sightings", "runs")
    types, posts = found[""]
    assert [post["id"] for post in posts] == [row["id"] for row in made.ROWS["posts"]]
    assert posts[1]["text"] == "NA" and posts[0]["text"].endswith("سەقامگیری") and posts[3]["text"] is None
    assert [post["created_at"] for post in posts][1:3] == [
        "2025-08-17T00:00:00+00:00",
        "2025-08-18T00:00:00.500000+00:00",
    ]
    assert types["deleted_at"] == "Value('timestamp[us, tz=UTC]')", "null in every row"
    assert (types["versions"], types["synthetic"], types["repeats"]) == (
        "Value('int64')", "Value('bool')", "Value('string')",
    )  # fmt: skip
    types, tags = found["tags"]
    assert (types["probability"], types["valid_to"]) == ("Value('float64')", "Value('timestamp[us, tz=UTC]')")
    assert [tag["probability"] for tag in tags] == [0.75, 1.0]
    assert len(found["versions"][1]) == 4 and found["runs"][0]["posts"] == "Value('int64')"


@pytest.mark.parametrize("format_", [name for name in FORMATS if name != "csv"])
def test_lists_and_records_are_those_of_the_table(tmp_path: Path, format_: str) -> None:
    folder = tmp_path / "release"
    made.released(format_, folder)
    types, posts = loaded(folder)[""]
    assert types["media"].startswith("List({'type': Value('string')") and types["labels"] == "List(Value('string'))"
    assert posts[0]["media"] == made.MANY["media"] and posts[1]["media"] == [] and posts[0]["labels"] == []
    assert posts[0]["topics"] == {"reform": {"probability": 0.75, "decision": "tagged"}, "training": None}
    assert posts[0]["metrics"] is None and posts[0]["account"]["handle"] == "@office"


def test_noughts_before_a_number_stay(tmp_path: Path) -> None:
    folder = tmp_path / "release"
    made.released("csv", folder)
    file = folder / "posts.csv"
    lines = [
        line.replace("office.example/", "000").replace(made.X_ID, "0004")
        for line in file.read_text("utf-8").split("\n")
    ]
    file.write_text("\n".join(lines), "utf-8")
    assert [post["platform_id"] for post in loaded(folder)[""][1]] == ["0001", "0002", "0003", "0004"]
