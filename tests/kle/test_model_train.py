"""`kle model train`: how the libraries under it are set up."""

import os
import subprocess
import sys

import pytest

_WATCH = """
import os, sys
from pathlib import Path
from kle.commands import model

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy":
            print(os.environ["OPENBLAS_NUM_THREADS"], flush=True)
            os._exit(0)

sys.meta_path.insert(0, Watch())
model.train(None, Path("model"), 7, False)
"""


@pytest.mark.parametrize(("given", "found"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "2"}, "2")])
def test_training_sets_one_thread_before_numpy_loads_unless_told_otherwise(
    given: dict[str, str], found: str
) -> None:
    bare = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", _WATCH], env={**bare, **given}, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == found
