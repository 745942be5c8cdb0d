"""`kle backup`, `kle restore`, `kle merge`: an archive on the move."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kle import output

if TYPE_CHECKING:
    from sqlmodel import Session

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    app.command()(backup)
    app.command()(restore)
    app.command()(merge)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; no archive's own file.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE.")] = False,
    json: Json = False,
) -> None:
    """Copy the archive into one SQLite file while everything runs.

    It is one moment of the archive, and an archive itself: `KLE_DATABASE_URL=sqlite:///FILE kle search reform`
    reads it. At the end counts and digests of every table and both chains are held against what was read. The file
    holds the hashes of keys: it is readable for its owner only. docs/moving.md tells what else to keep.

    Example: kle backup /backup/kle-$(date +%F).sqlite
    """
    from db.moving import backup as moving
    from db.proof import digests
    from kle import keyring, runtime

    with runtime.archive() as (knobs, database), output.progress() as bar:
        task = bar.add_task("copying and comparing", total=None)
        report = moving.backup(database, file, force=force, progress=lambda count: bar.advance(task, count))
        with database.write() as session:
            said = {"heads": report.heads, "tables": digests.of(report.tables), "path": str(file.absolute())}
            _tell(session, "backup", file.name, said)
    needs_key = report.tables["subscriber"]["rows"] > 0
    if json:
        output.print_json({**report.as_json(), "needs_key": needs_key})
        return
    output.say(f"{file} is a copy of the archive: {_counted(report.tables)}, {report.bytes // 1_000_000 + 1} MB.")
    _say_heads(report.heads)
    if needs_key:
        output.note(f"It tells nobody without {keyring.name(knobs)}, which is not in it: keep that too, and apart.")


def restore(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `kle backup` wrote.")],
    force: Annotated[
        bool, typer.Option("--force", help="Move an archive aside that stands there (SQLite alone).")
    ] = False,
    no_verify: Annotated[bool, typer.Option("--no-verify", help="Put it in place unverified.")] = False,
    json: Json = False,
) -> None:
    """Put a backup where KLE_DATABASE_URL or KLE_DATA_DIR say, SQLite or PostgreSQL: all of it, or nothing.

    Counts, digests and both chains are held against the backup and the archive is verified before it takes its
    place. With --force an archive that is there is kept beside it under another name; a PostgreSQL database that
    holds posts is refused: create an empty one. Broken off in the middle nothing has changed, and it can be begun
    again.

    Example: KLE_DATABASE_URL=postgresql://kle@db/kle kle restore /backup/kle-2026-11-25.sqlite
    """
    from core import settings
    from db.moving import restore as moving
    from kle import keyring, logs

    knobs = settings.load()
    logs.configure(knobs.log_level)
    from db.database import Database

    database = Database(knobs.url)
    try:
        with output.progress() as bar:
            task = bar.add_task("restoring and comparing", total=None)
            report = moving.restore(
                file,
                database,
                force=force,
                check=not no_verify,
                also=lambda session, found: _tell(
                    session, "restore", Path(file).name, {"heads": found.heads, "path": str(Path(file).absolute())}
                ),
                progress=lambda count: bar.advance(task, count),
            )
        lacks_key = not keyring.opens(knobs, database)
    finally:
        database.close()
    if json:
        output.print_json({**report.as_json(), "lacks_key": lacks_key})
        return
    where = database.file or database.url.render_as_string(hide_password=True)
    output.say(f"{where} is the archive in {file}: {_counted(report.tables)}, the same in every table.")
    _say_heads(report.heads)
    if report.aside:
        output.say(f"What stood there before is {report.aside}.")
    if report.verified is None:
        output.note("It was not verified: run `kle verify`.")
    if lacks_key:
        output.note(
            f"Its alerts tell nobody until {keyring.name(knobs)} is the one of the archive that was backed up: put "
            "that back before `kle up`. Who has lost it lets go of all channels with `kle alerts reset-key`."
        )


def _tell(session: "Session", kind: str, subject: str, detail: dict[str, Any]) -> None:
    from core import times
    from db import audit

    audit.append(session, kind, subject, detail, times.now())


def _counted(tables: Mapping[str, Mapping[str, Any]]) -> str:
    names = ("post", "version", "capture")
    return ", ".join(f"{tables[name]['rows']} {name}s" for name in names)


def _say_heads(heads: Mapping[str, Mapping[str, Any]]) -> None:
    for name, head in heads.items():
        output.say(f"The {name} chain ends with line {head['lines']}: {head['digest']}")


def merge(
    other: Annotated[
        str, typer.Argument(metavar="OTHER", help="Another archive: a SQLite file or a database's URL.")
    ],
    unverified: Annotated[bool, typer.Option("--unverified", help="Take OTHER as it is.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be added.")] = False,
    json: Json = False,
) -> None:
    """Add what another archive knows of posts to this one, nothing twice, while everything runs.

    OTHER is only read, and verified first. Posts that are not here come over whole; of those in both, versions,
    sightings, counts and captures are united. Its sources come switched off, its keys not at all. The same merge
    again changes nothing; broken off, it goes on when it is called again. docs/moving.md tells what wins.

    Example: kle merge /backup/other.sqlite --dry-run --json
    """
    from db.moving.merging import merge as moving
    from kle import runtime

    with runtime.archive() as (_, database), output.progress() as bar:
        task = bar.add_task("reading the other archive", total=None)
        report = moving.merge(
            database, other, check=not unverified, dry_run=dry_run, progress=lambda count: bar.advance(task, count)
        )
    found = report.as_json()
    if json:
        output.print_json(found)
        return
    would = " would be" if dry_run else ""
    counts = ", ".join(f"{found[name]} {name}" for name in moving.COUNTED if found[name])
    output.say(f"Of archive {report.archive}{would} taken over: {counts or 'nothing'}.")
    for reason, count in report.left_out.items():
        if count:
            output.say(f"Left out, {reason}: {count}.")
