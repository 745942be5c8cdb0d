"""kle verify --anchor: the whole way, with a timestamping authority of our own (openssl)."""

import json
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.kle.conftest import Kle

CONFIG = """
[req]
distinguished_name = name
prompt = no
x509_extensions = stamping
[name]
CN = A timestamping authority for tests
[stamping]
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Authority:
    """Signs requests as a real one does."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.cert = folder, folder / "tsa.pem"
        (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
        (folder / "serial").write_text("01")
        made = (
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "tsa.key",
            "-out",
            "tsa.pem",
            "-days",
            "9",
        )
        self._openssl(*made, "-config", "tsa.cnf")

    def answer(self, request: Path, to: Path) -> None:
        self._openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", str(request), "-out", str(to))

    def _openssl(self, *arguments: str) -> None:
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    return Authority(tmp_path / "authority")


@pytest.fixture
def file(kle: Kle, office: Path) -> Path:
    """An anchor of an archive with two posts."""
    kle("collect")
    found = kle("verify", "--anchor", "a.json")
    assert found.exit_code == 0, found.output
    assert "curl" in found.stderr and "a.json.tsq" in found.stderr
    return office / "a.json"


def check(kle: Kle, *more: object) -> dict:
    found = kle("verify", "--anchor", "a.json", "--json", *more)
    said = json.loads(found.stdout)
    assert found.exit_code == (0 if said["ok"] else 1)
    return said["anchor"]


def test_an_anchor_holds_while_the_archive_grows(kle: Kle, file: Path) -> None:
    said = json.loads(file.read_text())
    assert said["archive_id"] and said["ledger"]["lines"] >= 2 and said["audit"]["lines"] >= 1
    kle("keys", "add", "--name", "one more line")
    found = check(kle)
    assert found["problem"] is None and found["written"] is False and found["at"] == said["at"]
    assert "still pass through" in kle("verify", "--anchor", "a.json").stdout


def test_who_writes_the_chain_anew_is_found_by_the_anchor(kle: Kle, file: Path, office: Path) -> None:
    with sqlite3.connect(office / "data" / "kle.sqlite") as archive:
        archive.execute("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
    assert json.loads(kle("verify", "--json").stdout)["ok"] is True  # the last line taken off: only an anchor knows
    assert "of the audit chain is not there" in check(kle)["problem"]


def test_another_archive_s_anchor_is_told_apart(kle: Kle, file: Path, office: Path) -> None:
    with sqlite3.connect(office / "data" / "kle.sqlite") as archive:
        archive.execute("UPDATE meta SET value = 'another' WHERE name = 'archive_id'")
    assert "and this is another" in check(kle)["problem"]


def test_an_authority_s_answer_proves_the_time(kle: Kle, file: Path, authority: Authority) -> None:
    authority.answer(Path(f"{file}.tsq"), Path(f"{file}.tsr"))
    assert check(kle)["stamped_at"] and check(kle)["signature"] is None
    found = check(kle, "--tsa-cert", authority.cert)
    assert found["problem"] is None and found["signature"] == "holds"
    assert "its signature holds" in kle("verify", "--anchor", "a.json", "--tsa-cert", authority.cert).stdout


def test_an_answer_of_somebody_else_or_for_another_file_does_not(
    kle: Kle, file: Path, authority: Authority, tmp_path: Path
) -> None:
    answer = Path(f"{file}.tsr")
    authority.answer(Path(f"{file}.tsq"), answer)
    other = Authority(tmp_path / "other")
    assert "its signature does not hold against tsa.pem" in check(kle, "--tsa-cert", other.cert)["problem"]
    file.write_text(file.read_text() + "\n")
    assert "another file" in check(kle)["problem"]
    answer.write_bytes(b"no answer")
    assert "no answer of a timestamping authority" in check(kle)["problem"]


def test_wrong_use_is_told(kle: Kle, file: Path, tmp_path: Path) -> None:
    assert kle("verify", "--tsa-cert", "x.pem").exit_code == 2
    (tmp_path / "x.pem").write_text("nothing")
    without = kle("verify", "--anchor", "a.json", "--tsa-cert", "x.pem")
    assert without.exit_code == 2 and "a.json.tsr is not there" in without.stderr
    file.write_text("{}")
    assert kle("verify", "--anchor", "a.json").exit_code == 2
    assert kle("verify", "--anchor", "no/such/folder.json").exit_code == 2
