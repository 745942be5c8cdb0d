"""Whose memory pyarrow takes: the system's, which is given back, unless the operator names another."""

import os
import subprocess
import sys

import pytest

_ASK = "import exports, pyarrow; print(pyarrow.default_memory_pool().backend_name)"


@pytest.mark.parametrize(("named", "taken"), [(None, "system"), ("mimalloc", "mimalloc")])
def test_the_operators_word_counts(named: str | None, taken: str) -> None:
    kept = {name: value for name, value in os.environ.items() if name != "ARROW_DEFAULT_MEMORY_POOL"}
    said = {"ARROW_DEFAULT_MEMORY_POOL": named} if named else {}
    done = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, text=True, check=True, env=kept | said)
    assert done.stdout.strip() == taken
