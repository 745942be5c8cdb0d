"""`kle up`, `kle demo` and `kle init`."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from kle import output
from kle.commands import sources

Host = Annotated[str | None, typer.Option(help="Address to listen on; default 127.0.0.1 (KLE_HOST).")]
Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port; 0 takes a free one; default 8000 (KLE_PORT).")
]


def register(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(demo)
    app.command()(init)


def up(
    host: Host = None,
    port: Port = None,
    role: Annotated[
        Literal["all", "api", "collector", "worker"], typer.Option(help="Which part this process does.")
    ] = "all",
) -> None:
    """Collect, tag and serve, in one process or as one role of several.

    Prints the address and a one-time sign-in link, at the first start an admin key too. SIGINT and SIGTERM stop it
    cleanly; killed, the next start goes on where it stood.

    Example: kle up --port 8080
    """
    from core import settings
    from kle import serve

    serve.run(settings.load(**_given(host, port)), role)


def demo(host: Host = None, port: Port = None) -> None:
    """The same as `up` with the bundled sample archive collected first.

    The sample goes into the ordinary archive (./data), where the other commands find it. /readyz answers 200 when
    it is collected and tagged.
    """
    from kle import demo as sample
    from kle import runtime, serve

    if runtime.config_is_there():
        output.note("The demo reads its own configuration; yours is for `kle up`.")
    chosen = sample.settings().model_copy(update=_given(host, port))
    if sample.waits(chosen):
        output.say("The sample is collected and tagged while you look; the page is complete in half a minute.")
    serve.run(chosen, parts=sample.parts(chosen.tagging))


def init(
    force: Annotated[bool, typer.Option("--force", help="Overwrite a kle.toml that is there.")] = False,
) -> None:
    """Write a commented kle.toml with the starter sources, actors and references.

    Most of its sources are disabled until somebody has seen them answer: on a terminal it offers to ask each once
    and to switch on those that answer with posts, as `kle sources check --all --enable` does at any time.
    """
    import os

    target = Path(os.environ.get("KLE_CONFIG") or "kle.toml")
    starter = Path(__file__).parents[1] / "sample" / "starter.toml"
    if target.exists() and not force:
        output.fail(f"{target} is there already; --force overwrites it")
    try:
        target.write_text(starter.read_text("utf-8"), "utf-8")
    except OSError as error:
        output.fail(f"{target} cannot be written: {error.strerror}")
    output.say(f"Wrote {target}. Next: kle sources check --all --enable, then kle up.")
    if sys.stdin.isatty() and typer.confirm("Ask its sources now, from this network?", default=False):
        with suppress(typer.Exit):  # that some do not answer is no failure of this command
            sources.check(names=None, everything=True, enable=True)


def _given(host: str | None, port: int | None) -> dict[str, Any]:
    return {name: value for name, value in (("host", host), ("port", port)) if value is not None}
