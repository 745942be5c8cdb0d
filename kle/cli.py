"""`kle`: the commands, put together; each lives in `kle/commands` and imports what it needs when it runs."""

from typing import Any

import click
import typer
from typer.core import TyperGroup

from kle.commands import (
    alerts,
    archive,
    exporting,
    forgetting,
    keys,
    labels,
    model,
    moving,
    proving,
    reading,
    serving,
    sources,
)

MANUAL = """
Follow what a coalition says in public about its Key Leader Engagements.

[bold]First steps[/]

  kle demo                 look around in the bundled sample archive
  kle init                 write a commented kle.toml
  kle sources check --all  see which of its sources answer from here
  kle up                   collect, tag and serve; prints address and link

[bold]Settings[/] come from kle.toml and KLE_* in the environment
(docs/settings.md). The archive is a SQLite file in ./data unless
KLE_DATABASE_URL or KLE_DATA_DIR say otherwise.

[bold]Exit codes[/]: 0 done, 1 the answer is no (verify, check, a round that
failed), 2 wrong use. Results go to stdout, progress and logs to stderr;
[bold]--json[/] is there where a program may read the result.
"""


_QUERY_LAST = "A query that begins with - goes last, behind --, as in: kle {} ... -- '-training'"


class Program(TyperGroup):
    """Failures that have a message for people end as one line on stderr, not as a traceback."""

    def invoke(self, ctx: Any) -> Any:
        from core.errors import BadRequest, KleError, NotFound, SettingsError
        from kle import logs
        from kle.output import fail

        logs.configure("info")  # until the settings say otherwise; nothing may speak on stdout unasked
        try:
            return super().invoke(ctx)
        except KleError as error:
            wrong_use = isinstance(error, SettingsError | BadRequest | NotFound)  # the name was given here
            fail(error.message, 2 if wrong_use else 1)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            _say_where_a_query_goes(error)
            from db import damage

            if (said := damage.told(error)) is None:
                raise
            fail(f"the database is damaged: {said}; bring a backup back", 1)


def _say_where_a_query_goes(error: Any) -> None:
    """What typer raises for a wrong option has no public name."""
    command = getattr(getattr(error, "ctx", None), "command", None)
    if type(error).__name__ != "NoSuchOption" or command is None:
        return
    if any(param.name == "query" and param.param_type_name == "argument" for param in command.params):
        error.message += f". {_QUERY_LAST.format(command.name)}"


app = typer.Typer(
    cls=Program,
    help=MANUAL,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for room in (serving, reading, archive, proving, exporting, labels, forgetting, moving):
    room.register(app)
app.add_typer(sources.app, name="sources")
app.add_typer(alerts.app, name="alerts")
app.add_typer(keys.app, name="keys")
app.add_typer(archive.db, name="db")
app.add_typer(model.app, name="model")


def main() -> None:
    app(prog_name="kle")
