"""A stream whose server is killed and started again goes on where it was: nothing lost, nothing twice."""

import signal
import subprocess
import sys
from pathlib import Path

from tests.api.live import Stream
from tests.kle.program import environment, started
from tests.kle.test_import import record, write_lines


def imported(folder: Path, *numbers: int) -> None:
    """By another process than the server."""
    write_lines(folder / "some.jsonl", [record(n) for n in numbers])
    command = [sys.executable, "-m", "kle", "import", "some.jsonl"]
    subprocess.run(command, cwd=folder, env=environment(KLE_MODEL="none"), check=True, capture_output=True)


def test_a_stream_outlives_its_server(tmp_path: Path) -> None:
    got: list[str] = []
    last = None
    for numbers in (range(20), range(20, 40), range(40, 60)):
        with started(tmp_path, "up", "--port", "0", KLE_MODEL="none") as program:
            stream = Stream(program.address(), last=last)
            if last is None:
                stream.block()
            imported(tmp_path, *numbers[:10])
            got += [stream.event()[1]["id"] for _ in range(5)]  # the others are on their way when it dies
            last = stream.last
            program.send(signal.SIGKILL)
            stream.close()
        imported(tmp_path, *numbers[10:])
    with started(tmp_path, "up", "--port", "0", KLE_MODEL="none") as program:
        stream = Stream(program.address(), last=last)
        got += [stream.event()[1]["id"] for _ in range(60 - len(got))]
        program.send(signal.SIGTERM)
        assert program.end() == 0, "an open stream does not keep it"
        stream.close()
    assert sorted(got) == sorted(f"{record(n)['platform']}:{record(n)['platform_id']}" for n in range(60))
