"""Python's search for cycles, put off while many rows are made.

Rows hold no cycles, yet with each few hundred of them all that live are looked at again: two fifths of the time in
which a release was read. What a slice leaves behind is looked for once, when the slice is done.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def seldom() -> Iterator[None]:
    """Only `sweep` looks for cycles within; of the whole process, so that it is to be called often enough."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def sweep() -> None:
    """What came since the last one; that is little once a slice is thrown away."""
    gc.collect(0)
