"""What `kle export diff` and `kle export --verify` do and say."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from core import sealed
from core import settings as knobs
from core.settings import Settings
from db.database import Database
from exports import diff, verify
from exports.diff import DELETED, ERASED, KINDS, OTHER, RETAGGED, UNMATCHED, Difference
from exports.verify import Report
from kle import output, runtime

_FIRST = 5  # of each kind of change
_TITLES = {
    "added": "added", DELETED: "deleted at their platform", ERASED: "erased", UNMATCHED: "no longer matching",
    "withheld": "text now withheld", "changed_text": "text changed", RETAGGED: "re-tagged",
    OTHER: "otherwise changed",
}  # fmt: skip


def compare(a: Path, b: Path, json: bool) -> None:
    """What changed from a to b, at any size: nothing is held of it but the first few."""
    with output.progress() as bar:
        task = bar.add_task("reading", total=None)
        with diff.compared(a, b, lambda count: bar.advance(task, count)) as found:
            bar.stop()
            if json:
                for piece in found.json():
                    sys.stdout.buffer.write(piece)
                sys.stdout.buffer.write(b"\n")
                sys.stdout.buffer.flush()
            else:
                show_difference(found)


def check(release: Path, json: bool) -> bool:
    """Whether it is as it was written and, where an archive is at hand, still true."""
    settings = knobs.load()
    with _archive(settings) as database:
        key = lambda: sealed.derived(settings.secret_key, settings.data_dir, "pseudonyms")  # noqa: E731
        report = verify.verify(release, database, key)
    if json:
        output.print_json(report.as_json())
    else:
        show_report(report)
    return report.ok


@contextmanager
def _archive(settings: Settings) -> Iterator[Database | None]:
    """None is made just to be asked."""
    if settings.url.startswith("sqlite:///") and not Path(settings.url.removeprefix("sqlite:///")).is_file():
        yield None
        return
    with runtime.archive(settings) as (_, database):
        yield database


def show_report(report: Report) -> None:
    files, archive = report.files, report.archive
    state = "as they were written" if files["ok"] else "not as they were written"
    output.say(f"files: {files['checked']} checked, {files['bytes']:,} bytes: {state}")
    said = {True: "it still says the same", False: "it does not say the same", None: "; ".join(archive["why"])}
    output.say(f"archive: {output.printable(said[archive['agrees']])}")
    if archive["agrees"] is not None:
        at = archive.get("released_at")
        output.say(f"audit chain: {f'released at {at}' if at else 'it does not tell of this manifest'}")
    for problem in report.problems:
        output.say(f"  {output.printable(problem)}")
    output.say("OK" if report.ok else "NOT OK")


def show_difference(found: Difference, first: int = _FIRST) -> None:
    head = found.head
    _heads(head)
    if head["identical"]:
        output.say("Identical: every table has the same rows.")
        return
    _summary(head)
    _topics(head)
    _models(head)
    for kind in KINDS:
        _some(found, kind, first)
    for note in head["notes"]:
        output.note(f"Note: {note}.")


def _heads(head: dict[str, Any]) -> None:
    a, b = head["a"], head["b"]
    rows: list[tuple[str, Any, Any]] = [("folder", a["path"], b["path"])]
    rows += [(name, _short(a[name]), _short(b[name])) for name in ("query", "as_of", "format", "audience")]
    rows += [("posts", *(head["counts"]["posts"][side] for side in ("a", "b")))]
    rows += [
        (name, _short(a[name]), _short(b[name]))
        for name in head["differs"]
        if name in ("tables", "pseudonyms", "sample", "software", "pyarrow", "archive", "models")
    ]
    output.print_table(("", "A", "B"), rows)
    output.say("")


def _short(value: Any) -> str:
    """One cell of a manifest: digests by their beginnings."""
    match value:
        case None | "":
            said = "-" if value is None else "everything"
        case str():
            said = value
        case {"name": str(name), "version": str(version)}:
            said = f"{name} {version}"
        case {"id": _, "line": line, "digest": str(digest)}:
            said = f"line {line} ({digest[:8]})"
        case [*models] if all(isinstance(model, dict) for model in models):
            said = ", ".join(str(model.get("digest"))[:8] for model in models) or "none"
        case _:
            said = orjson.dumps(value).decode()
    return said


def _summary(head: dict[str, Any]) -> None:
    counts = head["counts"]
    output.print_table(
        ("change", "posts"), [(_TITLES[kind], f"{counts[kind]:,}") for kind in KINDS if counts[kind]]
    )
    if counts[OTHER]:
        fields = ", ".join(f"{name} {count:,}" for name, count in list(head["fields"].items())[:8])
        output.say(f"otherwise changed are: {fields}")
    if not any(counts[kind] for kind in KINDS):
        unlike = ", ".join(name for name, entry in head["content"].items() if not entry["same"])
        output.say(f"No post differs in what both hold; these tables do otherwise: {unlike}")
    output.say("")


def _topics(head: dict[str, Any]) -> None:
    rows = []
    for slug, sums in head["topics"].items():
        gained, lost = (_parts(sums[way]) for way in ("gained", "lost"))
        if sums["a"] or sums["b"] or gained or lost:
            rows.append((slug, f"{sums['a']:,}", f"{sums['b']:,}", gained, lost))
    if rows:
        output.print_table(("topic", "tagged in A", "in B", "gained", "lost"), rows)
        output.say("")


def _parts(sums: dict[str, int]) -> str:
    parts = ", ".join(f"{count:,} {name}" for name, count in sums.items() if count and name != "posts")
    return f"{sums['posts']:,} ({parts})" if sums["posts"] else ""


def _models(head: dict[str, Any]) -> None:
    ways = ("gained", "lost", "to_unsure", "from_unsure", "same")
    rows = [
        (
            _judge(m["from"]),
            _judge(m["to"]),
            f"{m['decisions']:,}",
            *(f"{m[way]:,}" if m[way] else "" for way in ways),
        )
        for m in head["models"]
    ]
    if rows:
        columns = ("decided by", "now by", "decisions", "gained", "lost", "to unsure", "from unsure", "the same")
        output.print_table(columns, rows)
        output.say("")


def _judge(who: str | None) -> str:
    if who is None:
        return "- (not told)"
    return who if len(who) < 64 else who[:12]


def _some(found: Difference, kind: str, first: int) -> None:
    count = found.head["counts"][kind]
    if not count:
        return
    more = f", the first {first}" if count > first else ""
    columns = (f"{_TITLES[kind]}: {count:,}{more}", "account", "id", "words", "how")
    rows = map(orjson.loads, found.items(kind, first))
    output.print_table(columns, [(r["created_at"], r["handle"], r["id"], r["words"], _how(kind, r)) for r in rows])
    output.say("")


def _how(kind: str, row: dict[str, Any]) -> str:
    if kind == DELETED:
        return row["deleted_at"] or "and erased since"
    if kind == ERASED:
        return " ".join(filter(None, (row["erased_at"], row["cause"], "(still listed)" if row["listed"] else "")))
    if kind == RETAGGED:
        return ", ".join(_moves(row))
    return ", ".join(row["fields"]) if kind == OTHER else ""


def _moves(row: dict[str, Any]) -> Iterator[str]:
    for slug, move in row["topics"].items():
        said = [
            move[side] or ("not judged yet" if slug in row["not_judged_yet"][side] else "not")
            for side in ("from", "to")
        ]
        yield f"{slug}: {' to '.join(said)}"
