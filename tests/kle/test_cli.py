"""The terminal: the manual is there at once, failures are one line, exit codes mean what the manual says."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.kle.conftest import Kle

COMMANDS = (
    "up", "demo", "init", "parse", "collect", "import", "classify", "search", "verify", "audit", "export",
    "backup", "restore", "merge", "sources", "keys", "db", "model", "labels",
)  # fmt: skip
HEAVY = ("sqlalchemy", "transformers", "onnxruntime", "fastapi", "numpy", "lxml", "pydantic_settings")


def test_manual_names_every_command(kle: Kle) -> None:
    shown = kle("--help").stdout
    assert [name for name in COMMANDS if name not in shown] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_of_its_own(kle: Kle, command: str) -> None:
    found = kle(command, "--help")
    assert found.exit_code == 0
    assert f"Usage: kle {command}" in found.stdout or f"Usage: root {command}" in found.stdout


def test_manual_waits_for_no_room_behind_the_commands() -> None:
    code = f"import kle.cli, sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_wrong_setting_stops_the_start_with_name_value_and_what_is_allowed(
    kle: Kle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLE_PORT", "many")
    found = kle("verify")
    assert found.exit_code == 2
    assert "KLE_PORT" in found.stderr and "'many'" in found.stderr and "integer" in found.stderr
    assert found.stdout == ""


def test_unknown_setting_suggests_the_nearest(kle: Kle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLE_DATA_DIRR", "x")
    found = kle("verify")
    assert found.exit_code == 2
    assert "did you mean KLE_DATA_DIR?" in found.stderr


def test_misspelt_source_option_stops_the_start(kle: Kle, tmp_path: Path) -> None:
    text = '[[source]]\nname = "a"\nkind = "feed"\nurll = "https://a.example"\n'
    (tmp_path / "kle.toml").write_text(text, "utf-8")
    found = kle("collect")
    assert found.exit_code == 2
    assert "[[source]] a" in found.stderr and "urll" in found.stderr
    assert "Traceback" not in found.output


def test_unknown_kind_names_file_source_and_the_kinds(kle: Kle, tmp_path: Path) -> None:
    (tmp_path / "kle.toml").write_text('[[source]]\nname = "a"\nkind = "fed"\n', "utf-8")
    found = kle("collect")
    assert found.exit_code == 2
    assert "kle.toml: [[source]] a, kind = 'fed': is no kind of source; there are" in found.stderr
    assert "feed" in found.stderr


def test_disabled_source_may_wait_for_a_version_that_reads_its_kind(kle: Kle, tmp_path: Path) -> None:
    text = '[[source]]\nname = "later"\nkind = "unheard-of"\nenabled = false\n'
    (tmp_path / "kle.toml").write_text(text, "utf-8")
    assert kle("sources", "list").exit_code == 0


def test_data_folder_that_cannot_be_made_is_one_line(
    kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("KLE_DATA_DIR", str(tmp_path / "file" / "data"))
    found = kle("verify")
    assert found.exit_code == 2
    assert found.stderr.startswith("kle: ") and len(found.stderr.splitlines()) == 1


def test_wrong_query_names_the_place(kle: Kle) -> None:
    found = kle("search", "topic:nonsense")
    assert found.exit_code == 2
    assert "nonsense" in found.stderr and "reform" in found.stderr


def test_init_writes_a_configuration_that_the_program_reads_and_overwrites_none(kle: Kle, tmp_path: Path) -> None:
    assert kle("init").exit_code == 0
    assert kle("sources", "list").exit_code == 0
    (tmp_path / "kle.toml").write_text("# mine", "utf-8")
    refused = kle("init")
    assert refused.exit_code == 2 and "--force" in refused.stderr
    assert (tmp_path / "kle.toml").read_text("utf-8") == "# mine"
    assert kle("init", "--force").exit_code == 0
    assert (tmp_path / "kle.toml").read_text("utf-8") != "# mine"


@pytest.mark.parametrize(
    "arguments", [("export", "-training", "--format", "csv", "--out", "x"), ("search", "-training")]
)
def test_a_query_that_begins_with_minus_is_told_its_place(kle: Kle, arguments: tuple[str, ...]) -> None:
    found = kle(*arguments)
    told = " ".join(found.stderr.replace("│", " ").split())
    assert found.exit_code == 2 and f"goes last, behind --, as in: kle {arguments[0]} ... -- '-training'" in told
    assert "behind --" not in kle("verify", "--nothing").stderr
