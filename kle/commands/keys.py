"""`kle keys add|list|revoke`."""

from typing import Annotated

import typer

from kle import output

app = typer.Typer(help="Keys for programs that ask the API.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def add(
    scope: Annotated[
        list[str], typer.Option(help="What it may: read, annotate, alerts, export or admin; repeatable.")
    ] = ["read"],  # noqa: B006  typer copies it
    name: Annotated[str, typer.Option(help="Whose it is, for `kle keys list`.")] = "",
    json: Json = False,
) -> None:
    """Make a key; it is shown this once and stored hashed.

    Example: kle keys add --scope read --name dashboard
    """
    from core import times
    from core.errors import BadRequest
    from db import credentials
    from kle import runtime

    wrong = [s for s in scope if s not in credentials.SCOPES]
    if wrong:
        raise BadRequest(f"there is no scope {wrong[0]!r}; there are {', '.join(credentials.SCOPES)}")
    with runtime.archive() as (_, database), database.write(lasting=True) as session:
        number, secret = credentials.issue(session, "key", name or "+".join(scope), scope, times.now(), None)
    if json:
        output.print_json({"id": number, "key": secret})
    else:
        output.say(secret)
        output.note(f"Key {number}, shown this once. Send it as: Authorization: Bearer {secret[:8]}...")


@app.command("list")
def list_(json: Json = False) -> None:
    """Every key with its scopes and when it was last used; never the key itself."""
    from db import credentials
    from kle import runtime

    with runtime.archive() as (_, database), database.read() as session:
        rows = credentials.list_keys(session)
    if json:
        output.print_json({"items": rows})
    else:
        output.print_table(list(rows[0]) if rows else ["no keys"], [list(row.values()) for row in rows])


@app.command()
def revoke(number: Annotated[int, typer.Argument(metavar="ID", help="Its id in `kle keys list`.")]) -> None:
    """Make a key useless, at once and for good."""
    from core import times
    from db import credentials
    from kle import runtime

    with runtime.archive() as (_, database), database.write(lasting=True) as session:
        credentials.revoke(session, number, times.now())
    output.note(f"Key {number} is revoked.")
