"""What is sealed opens with its key alone, and two processes make one key."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import SettingsError
from core.sealed import FILE, Sealer


def test_what_is_sealed_opens_with_its_key_alone(tmp_path):
    sealer = Sealer.of("", tmp_path)
    sealed = sealer.seal("tgram://token/chat")
    assert "token" not in sealed and sealer.seal("tgram://token/chat") != sealed
    assert Sealer.of("", tmp_path).open(sealed) == "tgram://token/chat"
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    with pytest.raises(SettingsError, match=r"put the .* back"):
        Sealer.of("k" * 40, tmp_path).open(sealed)


def test_a_digest_knows_an_address_again_and_tells_nothing(tmp_path):
    sealer, other = Sealer.of("k" * 40, tmp_path), Sealer.of("l" * 40, tmp_path)
    assert sealer.digest("email", "a@b.example") == sealer.digest("email", "a@b.example")
    assert len({sealer.digest("email", "a"), sealer.digest("emai", "la"), other.digest("email", "a")}) == 3
    assert not (tmp_path / FILE).exists()


def test_many_that_start_at_once_have_one_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        digests = set(pool.map(lambda _: Sealer.of("", tmp_path / "data").digest("a"), range(32)))
    assert len(digests) == 1 and [f.name for f in (tmp_path / "data").iterdir()] == [FILE]
