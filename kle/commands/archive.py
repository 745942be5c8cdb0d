"""Commands on the archive: collect, import, classify, search, and `kle db upgrade`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kle import output

if TYPE_CHECKING:
    from rich.text import Text

    from core.snippets import Wanted

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_SHOWN = 1000  # code points of a text; longer ones are shown in part
db = typer.Typer(help="The database itself.", no_args_is_help=True)


def _formats() -> list[str]:
    from core import plugins

    return plugins.names("collector.formats")


def register(app: typer.Typer) -> None:
    app.command()(collect)
    app.command("import")(import_)
    app.command()(classify)
    app.command()(search)


def collect(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME...]", help="Some only.")] = None,
    json: Json = False,
) -> None:
    """One round of every enabled source now, or of the named ones, due or not; exit code 1 if one fails."""
    from kle import rounds

    rounds.report(rounds.collect_named(names or []), json)


def import_(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", exists=True, help="Files of posts; a release's or an archive's folder."),
    ],
    format_: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help=f"auto, or one of {', '.join(_formats())}.")
    ] = "auto",
    account: Annotated[
        str, typer.Option(metavar="HANDLE", help="Whose archive it is, where the file does not say: @handle.")
    ] = "",
    json: Json = False,
) -> None:
    """Take posts in from files, in any format that is known; which one is told by what is in a file.

    Posts in the API's form, releases (folder, zip, or a file of posts alone), answers of X's API (twarc2), an
    archive of X (tweets.js), JSON of Bluesky and Mastodon, 4CAT's CSV, Zeeschuimer's NDJSON; also packed with gzip.
    What cannot be read is kept with its reason in the archive's table `quarantine`, the rest goes in; the same file
    again changes nothing. Exit code 1 if nothing could be taken though there was something.

    Examples: kle import posts.jsonl --json; kle import release.zip; kle import tweets.js --account @office_example
    """
    from kle import importing, runtime
    from kle.storage import Storage

    if format_ not in ("auto", *_formats()):
        output.fail(f"there is no format {format_!r}; there are auto, {', '.join(_formats())}")
    with runtime.archive() as (settings, database), output.bytes_read() as bar:
        task = bar.add_task("importing", total=None)
        report = importing.run(
            database,
            files,
            lambda done, total: bar.update(task, completed=done, total=total),
            Storage(settings, database),
            format_,
            account,
        )
    if json:
        output.print_json(report.as_json())
    else:
        counts = {name: value for name, value in report.as_json().items() if name != "formats"} | report.formats
        output.say(", ".join(f"{value} {name}" for name, value in counts.items()))
    for remark in report.remarks:
        output.note(output.printable(remark))
    _tell_reasons(report.reasons, report.quarantined)
    if report.refused:
        raise typer.Exit(1)


def _tell_reasons(reasons: list[str], quarantined: int) -> None:
    for reason in reasons:
        output.note(output.printable(reason))
    if quarantined > len(reasons):
        output.note(f"and {quarantined - len(reasons)} more, in the archive's table quarantine")


def classify(
    everything: Annotated[bool, typer.Option("--all", help="Tag again what is tagged.")] = False,
    model: Annotated[Path | None, typer.Option(metavar="DIR", help="Another model's folder.")] = None,
    json: Json = False,
) -> None:
    """Tag what waits; with --all everything again. Older tags stay in the archive beside the new ones.

    Interrupted, `kle classify --all` goes on where it stood when it is called again. It may run beside a `kle up`.
    At the end it tells how many decisions changed since it first began, by topic. To keep another model than the
    shipped one, set KLE_MODEL too: the next `kle up` tags by that setting.

    Example: kle classify --all --model ./my-model --json
    """
    from kle import classifying, runtime
    from kle.storage import Storage

    with runtime.archive() as (settings, database):
        chosen = settings.model_copy(update={"model": str(model)}) if model else settings
        Storage(settings, database).check()
        loaded = runtime.model(chosen, database)
        if loaded is None:
            output.fail("KLE_MODEL = none switches tagging off; name a model with --model DIR")
        report = (classifying.everything if everything else classifying.waiting)(database, loaded)
    if json:
        output.print_json(report.as_json())
    else:
        classifying.show(report, everything)


def search(
    query: Annotated[str, typer.Argument(help="As in the search box of the page.")],
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20,
    sort: Annotated[
        str, typer.Option(help="newest, oldest, relevance, a count (likes, views ...), or uncertain.")
    ] = "newest",
    as_of: Annotated[str, typer.Option(metavar="TIME", help="What the archive knew then.")] = "",
    json: Json = False,
) -> None:
    """Search the archive.

    Examples: kle search 'peshmerga reform since:2025-07-01'; kle search 'from:@CJTFOIR -training topic:reform';
    kle search is:unsure --sort uncertain; kle search is:edited --as-of 2025-09-01; kle search 'payroll of the
    brigades' --sort relevance
    """
    from api import snippets
    from db import posts
    from db.near import Meaning
    from db.query import PostQuery
    from kle import runtime

    asked = PostQuery.build(query, as_of=as_of)
    with runtime.archive() as (settings, database), database.read() as session:
        reads = runtime.words(settings) if sort == "relevance" else None
        page = posts.page(session, asked, sort, limit, meaning=Meaning(), reads=reads)
    if json:
        found = snippets.told(page.items, asked)
        output.print_json({"items": found, "next_cursor": page.next_cursor, "total": page.total})
        return
    wanted = snippets.wanted(asked)
    for post in page.items:
        _print_post(post, wanted)
    total = page.total if isinstance(page.total, int) else f"at least {page.total['at_least']}"
    output.note(f"{len(page.items)} of {total} posts")


def _when(created_at: str, precision: str) -> str:
    """No more than is known: a day, a minute, or when it was first seen."""
    minute = created_at[:16].replace("T", " ")
    return {"day": created_at[:10], "seen": f"first seen {minute}"}.get(precision, minute)


def _print_post(post: dict[str, Any], wanted: "Sequence[Wanted]") -> None:
    who = post["account"]["handle"] if post["account"] else post["platform"]
    marks = ["sample"] if post["synthetic"] else []
    marks += [tag["topic"] for tag in post["tags"] if tag["decision"] == "tagged"]
    marks += [f"{tag['topic']}? {tag['probability']:.2f}" for tag in post["tags"] if tag["decision"] == "unsure"]
    date = _when(post["created_at"], post["created_at_precision"])
    output.out.print(f"[bold]{date}[/]  {output.escape(who)}  [dim]{output.escape(', '.join(marks))}[/]")
    output.out.print(_marked(post["text"] or "", wanted))
    output.out.print(f"  [dim]{output.escape(post['id'])}  {output.escape(post['url'] or '')}[/]\n", soft_wrap=True)


def _marked(text: str, wanted: "Sequence[Wanted]") -> "Text":
    """The text, or of a long one the part that shows most, with the words that were searched for marked."""
    from rich.text import Text

    from core.snippets import snippet

    part = snippet(text, wanted, _SHOWN)
    shown = Text(output.printable(part.text))
    for start, end in part.hits:
        shown.stylize("bold reverse", start, end)
    more = part.start + len(part.text) < len(text)
    return Text.assemble("  ", "… " if part.start else "", shown, " …" if more else "")


@db.command()
def upgrade() -> None:
    """Bring the database to this version's schema. SQLite is backed up first; PostgreSQL needs this command."""
    from sqlalchemy.exc import OperationalError

    from core import settings
    from core.errors import SettingsError
    from db.database import Database

    knobs = settings.load()
    database = Database(knobs.url)
    try:
        if database.file:
            database.file.parent.mkdir(parents=True, exist_ok=True)
        done = database.migrate()
        database.refresh_index()
    except (OSError, OperationalError) as error:
        where = database.url.render_as_string(hide_password=True)
        raise SettingsError(
            "KLE_DATABASE_URL", where, f"cannot be opened: {getattr(error, 'orig', error)}"
        ) from None
    finally:
        database.close()
    output.say(
        "The database is now at this version's schema." if done else "The database was at this version's schema."
    )
