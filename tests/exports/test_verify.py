"""A release that was touched is told, whatever was done to it; one that was not is as it was written."""

import hashlib
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadRequest
from exports import verify
from tests.exports.made import line, post, release, zipped


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return release(tmp_path / "made", [post(1), post(2)])


def alter(folder: Path, change: Callable[[Any], Any]) -> None:
    file = folder / "manifest.json"
    said = json.loads(file.read_text())
    file.write_text(json.dumps(change(said) or said))


def test_a_release_as_it_was_written_is_sound(made: Path) -> None:
    report = verify.verify(made)
    assert (report.ok, report.problems) == (True, [])
    assert report.files == {"ok": True, "checked": 2, "bytes": sum(f.stat().st_size for f in made.glob("*.jsonl"))}
    assert report.archive["agrees"] is None and not report.archive["there"]


@pytest.mark.parametrize("inside", ["", "made/"])
def test_so_is_its_zip(made: Path, inside: str) -> None:
    assert verify.verify(zipped(made, inside)).problems == []


def _cut(folder: Path) -> None:
    file = folder / "posts.jsonl"
    file.write_bytes(file.read_bytes()[:-10])


def _flip(folder: Path) -> None:
    file = folder / "posts.jsonl"
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(content)


def _drop_row_and_sign(folder: Path) -> None:
    """As somebody would who knows that files have digests."""
    lines = (folder / "posts.jsonl").read_bytes().splitlines(keepends=True)[:1]
    (folder / "posts.jsonl").write_bytes(lines[0])
    fresh = {
        "path": "posts.jsonl",
        "rows": 1,
        "bytes": len(lines[0]),
        "sha256": hashlib.sha256(lines[0]).hexdigest(),
    }
    alter(folder, lambda m: m | {"files": [fresh, m["files"][1]]})


def _drop_row_keep_count(folder: Path) -> None:
    _drop_row_and_sign(folder)
    alter(folder, lambda m: m["files"][0].update(rows=2))


def _link(folder: Path) -> None:
    (folder / "versions.jsonl").rename(folder.parent / "elsewhere")
    (folder / "versions.jsonl").symlink_to(folder.parent / "elsewhere")


def _manifest(text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / "manifest.json").write_text(text) and None


def _says(**more: Any) -> Callable[[Path], None]:
    return lambda folder: alter(folder, lambda m: m | more)


def _file_says(**more: Any) -> Callable[[Path], None]:
    return lambda folder: alter(folder, lambda m: m["files"][0].update(more))


TORTURE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "cut": (_cut, "posts.jsonl has .* bytes, manifest.json says"),
    "flipped": (_flip, "posts.jsonl has not the SHA-256"),
    "row gone, file signed anew": (_drop_row_and_sign, r"posts.jsonl has 1 rows, manifest.json says 2"),
    "row gone, count kept": (_drop_row_keep_count, "posts.jsonl has other rows"),
    "file gone": (lambda f: (f / "versions.jsonl").unlink(), "versions.jsonl is not there"),
    "file beside": (lambda f: (f / "notes.txt").write_text("x"), "beside its files: notes.txt"),
    "folder beside": (lambda f: (f / "more").mkdir(), "beside its files: more"),
    "link": (_link, "versions.jsonl is a link"),
    "no JSON": (_manifest("{"), "is no JSON"),
    "a list": (_manifest("[]"), "does not say"),
    "empty": (_manifest(""), "is no JSON"),
    "deep": (_manifest("[" * 100_000), "is no JSON"),
    "up": (_file_says(path="../posts.jsonl"), "plain names"),
    "root": (_file_says(path="/etc/passwd"), "plain names"),
    "backslash": (_file_says(path="..\\posts.jsonl"), "plain names"),
    "nul": (_file_says(path="posts\0.jsonl"), "plain names"),
    "twice": (lambda f: alter(f, lambda m: m["files"].append(m["files"][0])), "names posts.jsonl twice"),
    "huge": (_file_says(bytes=10**18), "says 1,000,000,000,000,000,000"),
    "larger than any": (_file_says(bytes=10**40), "posts.jsonl has .* bytes"),
    "negative": (_file_says(rows=-1), "posts.jsonl has 2 rows, manifest.json says -1"),
    "words for numbers": (_file_says(bytes="many"), "says 'many'"),
    "unknown format": (_says(format="../../x"), "its format is"),
    "unknown table": (_says(content={"secrets": {"rows": 0, "sha256": ""}}), "has a table 'secrets'"),
    "table up": (_says(content={"../posts": {"rows": 0, "sha256": ""}}), "none of those that it was built with"),
    "no file of a table": (lambda f: alter(f, lambda m: m["files"].pop() and m), "of no file versions.jsonl"),
    "newer": (_says(release=2), "a newer one may"),
    "columns of numbers": (_says(tables={"posts": 3}), "does not say what it was built from"),
    "columns that are none": (_says(tables={"posts": ["nothing"]}), "no column of posts 'nothing'"),
    "topics of numbers": (_says(topics=[1]), "not names"),
}


@pytest.mark.parametrize("name", TORTURE)
@pytest.mark.parametrize("as_zip", [False, True])
def test_whatever_was_done_to_it_is_told(made: Path, name: str, as_zip: bool) -> None:
    harm, said = TORTURE[name]
    if as_zip and name in ("link", "folder beside"):
        pytest.skip("a zip of ours holds neither")
    harm(made)
    report = verify.verify(zipped(made) if as_zip else made)
    assert not report.ok and report.as_json()["files"]["ok"] is False
    assert len(report.problems) >= 1
    assert any(re.search(said, problem) for problem in report.problems), report.problems


def test_a_row_that_is_no_json_is_told(made: Path) -> None:
    broken = line(post(1)) + b"{nothing\n"
    (made / "posts.jsonl").write_bytes(broken)
    fresh = {"path": "posts.jsonl", "rows": 2, "bytes": len(broken), "sha256": hashlib.sha256(broken).hexdigest()}
    alter(made, lambda m: m | {"files": [fresh, m["files"][1]]})
    assert any("posts.jsonl, line 2, is no JSON" in problem for problem in verify.verify(made).problems)


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/evil.txt", "a/../../evil.txt", "a\\evil.txt", "deep/er/evil.txt"]
)
def test_no_name_in_a_zip_leaves_its_folder(made: Path, tmp_path: Path, name: str) -> None:
    packed = zipped(made)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(name, "x")
    before = sorted(tmp_path.rglob("*"))
    report = verify.verify(packed)
    assert not report.ok and "nothing was unpacked" in report.problems[0]
    assert sorted(tmp_path.rglob("*")) == before and not Path("/evil.txt").exists()


def test_a_zip_with_a_flipped_byte_is_told(made: Path) -> None:
    packed = zipped(made)
    content = bytearray(packed.read_bytes())
    content[content.index(b"on talks")] ^= 1
    packed.write_bytes(content)
    assert "cannot be unpacked" in verify.verify(packed).problems[0]


def test_a_zip_cut_short_is_told(made: Path) -> None:
    packed = zipped(made)
    packed.write_bytes(packed.read_bytes()[:-100])
    assert not verify.verify(packed).ok


@pytest.mark.parametrize("what", ["nothing there", "empty folder", "another file"])
def test_what_never_was_a_release_is_wrong_use(tmp_path: Path, what: str) -> None:
    place = tmp_path / "place"
    if what == "empty folder":
        place.mkdir()
    elif what == "another file":
        place.write_text("thesis")
    with pytest.raises(BadRequest, match=r"is not there|no release|neither") as raised:
        verify.verify(place)
    assert not isinstance(raised.value, verify.Broken)


@pytest.mark.parametrize("said", [{"as_of": None}, {"archive": [1]}, {"sample": "x"}, {"pseudonyms": 7}])
def test_a_manifest_of_other_types_is_broken(tmp_path: Path, said: dict[str, Any]) -> None:
    report = verify.verify(release(tmp_path / "a", [post(1)], **said))
    assert not report.ok and "none of a release that this program can read" in report.problems[0]


@pytest.mark.parametrize("sample", [{}, [], 0, "", False])
def test_a_sample_that_says_nothing_is_none_that_one_can_draw(made: Path, sample: Any) -> None:
    alter(made, lambda m: m | {"sample": sample})
    report = verify.verify(made)
    assert not report.ok and "does not say what it was built from" in report.problems[0]


def test_a_table_that_was_taken_out_everywhere_is_told(made: Path) -> None:
    (made / "versions.jsonl").unlink()
    rest = {"tables": {"posts": None, "versions": None}}
    alter(made, lambda m: m | rest | {"content": {"posts": m["content"]["posts"]}, "files": m["files"][:1]})
    report = verify.verify(made)
    assert not report.ok
    assert report.problems == [
        "manifest.json was asked for a table versions and does not tell of its rows: it was taken out"
    ]
