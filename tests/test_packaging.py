"""One command installs it: the locks are whole, and the installer finds a Python that works or says so."""

import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-bench.txt", "requirements-venv.txt")
PIN = re.compile(r"^([a-z0-9-]+)==([^ ;\\]+)( ; [^\\]+)?", re.M)
TOOLS = ("sh", "dirname", "sed", "cat", "cksum", "rm", "mktemp", "printf", "mkdir")


def pins(name: str) -> set[tuple[str, str]]:
    return {(m[1], m[2]) for m in PIN.finditer((ROOT / name).read_text("utf-8"))}


def project() -> dict[str, object]:
    read: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return read


def named(requirements: object) -> set[str]:
    assert isinstance(requirements, list)
    return {re.split(r"[ \[<>=;]", r)[0].lower() for r in requirements if isinstance(r, str)}


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash_and_no_lock_names_a_host(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    blocks = re.split(r"\n(?=[a-z])", text)
    assert [b.splitlines()[0] for b in blocks if "--hash=sha256:" not in b] == []
    assert "://" not in text and "--index" not in text and "--find-links" not in text


def test_locks_hold_what_the_project_asks_for() -> None:
    said = project()
    asked = named(said["project"]["dependencies"])  # type: ignore[index]
    groups = said["dependency-groups"]
    assert asked - {name for name, _ in pins("requirements.txt")} == set()
    dev = named(groups["dev"]) | asked  # type: ignore[index]
    assert dev - {name for name, _ in pins("requirements-dev.txt")} == set()
    bench = named(groups["bench"]) | asked  # type: ignore[index]
    assert bench - {name for name, _ in pins("requirements-bench.txt")} == set()


@pytest.mark.parametrize("name", ["requirements-dev.txt", "requirements-bench.txt"])
def test_tests_and_benchmarks_run_on_the_releases_that_users_get(name: str) -> None:
    assert pins("requirements.txt") - pins(name) == set()


def test_default_install_has_no_torch_and_nothing_that_is_only_measured() -> None:
    assert {"torch", "datasette", "tantivy"}.isdisjoint(name for name, _ in pins("requirements.txt"))


class Machine:
    """A PATH of our own: only what is put there exists."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.project = folder / "bin", folder / "project"
        self.bin.mkdir()
        (self.project / "scripts").mkdir(parents=True)
        for name in ("install.sh", "pyproject.toml", *LOCKS):
            (self.project / name).write_bytes((ROOT / name).read_bytes())
        for tool in TOOLS:
            found = next(p for p in ("/bin", "/usr/bin") if (Path(p) / tool).exists())
            (self.bin / tool).symlink_to(Path(found) / tool)

    def put(self, name: str, script: str, folder: str = "bin") -> Path:
        file = self.bin.parent / folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        return file

    def python(self, name: str, version: tuple[int, int], folder: str = "bin", venv: str = "make") -> None:
        """A stand-in that answers as such a Python would; its venv module makes a fake environment, or fails."""
        fits = "exit 0" if (3, 11) <= version <= (3, 13) else "exit 1"
        made = f'mkdir -p "$home/bin"; cp "$0" "$home/bin/python"; echo "{name} by $2" >"$home/made"'
        self.put(name, f"""
case "$*" in
  *"sys.exit"*) {fits} ;;
  *"import pip"*) exit 0 ;;
  *"sys.version_info[:3]"*) echo "{version[0]}.{version[1]}.0" ;;
  "-m venv .venv") home=.venv; {made if venv == "make" else "mkdir -p .venv/bin; exit 1"} ;;
  "-m virtualenv --quiet .venv") home=.venv; {made if venv != "never" else "exit 1"} ;;
  *"--target"*) exit 1 ;;
  *"-m pip install"*) echo "$*" >>"$PWD/pip.log" ;;
esac
""", folder)  # fmt: skip

    def install(self, lock: str = "requirements.txt", **more: str) -> subprocess.CompletedProcess[str]:
        (self.bin / "cp").exists() or (self.bin / "cp").symlink_to("/bin/cp")
        path = f"{self.bin.parent / 'first'}{os.pathsep}{self.bin}"
        return subprocess.run(
            ["/bin/sh", str(self.project / "install.sh"), lock],
            capture_output=True, text=True, env={"PATH": path, **more}, check=False,
        )  # fmt: skip

    def made(self) -> str:
        return (self.project / ".venv" / "made").read_text("utf-8").strip()

    def installed(self) -> list[str]:
        return (self.project / "pip.log").read_text("utf-8").splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_newest_fitting_python_is_taken(machine: Machine) -> None:
    for minor in (11, 13, 12):
        machine.python(f"python3.{minor}", (3, minor))
    machine.python("python3", (3, 14))
    assert machine.install().returncode == 0
    assert machine.made() == "python3.13 by venv"


def test_shim_that_only_prints_an_error_is_passed_over(machine: Machine) -> None:
    machine.put("python3.13", "echo 'command not found' >&2; exit 127", "first")
    machine.put("python3.12", "echo 'command not found' >&2; exit 127", "first")
    machine.python("python3.12", (3, 12))
    assert machine.install().returncode == 0
    assert machine.made() == "python3.12 by venv"


def test_plain_python3_is_taken_where_its_version_fits(machine: Machine) -> None:
    machine.python("python3", (3, 12))
    assert machine.install().returncode == 0


def test_no_fitting_python_is_one_sentence(machine: Machine) -> None:
    machine.python("python3", (3, 9))
    machine.python("python3.13", (3, 14))
    done = machine.install()
    assert done.returncode == 1 and done.stdout == ""
    assert len(done.stderr.splitlines()) == 1 and "Python 3.11, 3.12 or 3.13" in done.stderr
    assert not (machine.project / ".venv").exists()


def test_python_can_be_named(machine: Machine) -> None:
    machine.python("python3.13", (3, 13))
    machine.python("other", (3, 11))
    assert machine.install(PYTHON=str(machine.bin / "other")).returncode == 0
    assert machine.made() == "other by venv"
    refused = machine.install(PYTHON=str(machine.bin / "nowhere"))
    assert refused.returncode == 1 and "nowhere" in refused.stderr


def test_virtualenv_is_used_where_ensurepip_is_missing(machine: Machine) -> None:
    machine.python("python3.12", (3, 12), venv="virtualenv only")
    assert machine.install().returncode == 0
    assert machine.made() == "python3.12 by virtualenv"


def test_python_without_either_is_told_what_to_install(machine: Machine) -> None:
    machine.python("python3.12", (3, 12), venv="never")
    done = machine.install()
    assert done.returncode == 1 and "apt install python3-venv" in done.stderr
    assert not (machine.project / ".venv").exists()


def test_second_start_installs_nothing_and_a_changed_lock_does(machine: Machine) -> None:
    machine.python("python3.12", (3, 12))
    machine.install()
    first = machine.installed()
    assert len(first) == 2 and "--require-hashes -r requirements.txt" in first[0] and "--no-index -e ." in first[1]
    machine.install()
    assert machine.installed() == first
    lock = machine.project / "requirements.txt"
    lock.write_text(lock.read_text("utf-8") + "# changed\n", "utf-8")
    machine.install()
    assert len(machine.installed()) == 4


def test_run_after_test_installs_nothing(machine: Machine) -> None:
    machine.python("python3.12", (3, 12))
    machine.install("requirements-dev.txt")
    first = machine.installed()
    machine.install("requirements.txt")
    assert machine.installed() == first


def test_moved_folder_gets_a_new_environment(machine: Machine) -> None:
    machine.python("python3.12", (3, 12))
    machine.install()
    moved = machine.project.with_name("moved")
    machine.project.rename(moved)
    machine.project = moved
    machine.install()
    assert len(machine.installed()) == 4


def test_broken_environment_is_made_anew(machine: Machine) -> None:
    machine.python("python3.12", (3, 12))
    machine.install()
    (machine.project / ".venv" / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")
    machine.install()
    assert len(machine.installed()) == 4


def test_failed_install_is_repeated_next_time(machine: Machine) -> None:
    machine.python("python3.12", (3, 12))
    script = (machine.bin / "python3.12").read_text("utf-8")
    (machine.bin / "python3.12").write_text(
        script.replace('*"-m pip install"*)', '*"-r requirements.txt"*) exit 1 ;;\n  *"-m pip install"*)')
    )
    assert machine.install().returncode != 0
    assert not list((machine.project / ".venv").glob(".holds-*"))


@pytest.mark.parametrize("target", ["run", "test", "check", "torture", "bench", "lock"])
def test_make_knows_its_targets(target: str) -> None:
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_this_python_is_one_that_is_promised() -> None:
    asked = project()["project"]["requires-python"]  # type: ignore[index]
    assert asked == ">=3.11,<3.14" and (3, 11) <= sys.version_info[:2] <= (3, 13)


def test_image_copies_only_what_is_there() -> None:
    text = (ROOT / "docker" / "Dockerfile").read_text("utf-8")
    copied = [line.split()[1:-1] for line in text.splitlines() if re.match(r"COPY (?!--)", line)]
    missing = [name for names in copied for name in names if not (ROOT / name).exists()]
    assert copied and missing == []
    assert "USER kle" in text and "HEALTHCHECK" in text and "--require-hashes" in text


def test_compose_binds_to_this_machine_alone() -> None:
    text = (ROOT / "docker" / "compose.yaml").read_text("utf-8")
    assert re.findall(r'"([^"]*:8000)"', text) == ["127.0.0.1:8000:8000"]
