"""What proof costs is measured from end to end, and its parts are all there is; how much is no test's question."""

import json
from pathlib import Path

import pytest

from benchmarks import proof


def test_the_parts_make_up_the_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "proof.json"
    assert proof.main(["--posts", "400", "--rounds", "1", "--json", str(file)]) == 0
    found = json.loads(file.read_bytes())["median"]
    for unit in ("seconds", "bytes"):
        parts = [found[f"{unit} {part}"] for part in (*proof.PARTS, proof.REST)]
        assert min(parts) > 0 and sum(parts) == pytest.approx(found[f"{unit} archive"])
        assert min(found[f"{unit} {bare}"] for bare in ("plain", "searched", "edit")) > 0
    assert found["lines"] == pytest.approx(1 + 10 / 400 + 134 / 400), "versions, captures, edits"
    shown = capsys.readouterr().out
    assert all(part in shown for part in (*proof.PARTS, proof.REST, "one table with FTS5", "kle verify"))
