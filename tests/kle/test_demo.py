"""The first command of a stranger: the sample is collected by the ordinary collector, tagged, and stays so."""

import json
import signal
from pathlib import Path

import pytest

from tests.kle.conftest import Kle
from tests.kle.program import get, started


def test_demo_shows_the_sample_and_a_second_start_changes_nothing(
    kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started(tmp_path, "demo", "--port", "0", KLE_MODEL="") as program:
        address = program.address()
        assert any("while you look" in line for line in program.said)
        assert program.ready(address)["parts"] == dict.fromkeys(
            ["database", "scheduler", "storage", "model", "sample", "tags"]
        )
        _, first = get(f"{address}/api/v1/posts?limit=200")
        _, real = get(f"{address}/api/v1/posts?q=from:@CJTFOIR")
        program.send(signal.SIGTERM)
        assert program.end() == 0
    assert sorted(post["created_at"][:10] for post in real["items"]) == ["2025-08-17", "2025-08-18"]
    assert all(not post["sightings"][0]["first_hand"] and not post["synthetic"] for post in real["items"])
    assert first["total"] >= 150 and all(post["tagging"] == "done" for post in first["items"])
    others = [post for post in first["items"] if post["id"] not in {p["id"] for p in real["items"]}]
    assert all(post["synthetic"] for post in others)
    with started(tmp_path, "demo", "--port", "0", KLE_MODEL="") as program:
        address = program.address()
        assert not any("while you look" in line for line in program.said)
        program.ready(address)
        _, second = get(f"{address}/api/v1/posts?limit=200")
        program.send(signal.SIGTERM)
        program.end()
    assert second["items"] == first["items"] and second["total"] == first["total"]
    assert json.loads(kle("search", "from:@CJTFOIR", "--json").stdout)["total"] == 2
    assert json.loads(kle("verify", "--json").stdout)["ok"] is True
