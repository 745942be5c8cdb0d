"""`kle verify` and `kle audit`: what the archive proves of itself, and what was done with it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from kle import output

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    app.command()(verify)
    app.command()(audit)


def verify(
    anchor: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write an anchor of the chains; one that is there is checked."),
    ] = None,
    tsa_cert: Annotated[
        Path | None, typer.Option(metavar="PEM", help="Check the signature of FILE.tsr against these certificates.")
    ] = None,
    json: Json = False,
) -> None:
    """Walk both chains and everything they speak for, and re-hash it; exit code 1 if something does not fit.

    Looked at are texts, captures, media, tags, corrections, erasures, what is counted from them, and the full-text
    index word by word. An anchor says where the chains stand: kept elsewhere, or timestamped, it shows later that
    nobody wrote them anew.

    Examples: kle verify --json; kle verify --anchor 2026-09.anchor.json
    """
    from db.proof import verify as proof
    from kle import anchoring, runtime

    if tsa_cert and not anchor:
        output.fail("--tsa-cert checks the answer beside an anchor: name that with --anchor FILE")
    with runtime.archive() as (_, database):
        with database.read() as session, output.progress() as bar:
            task = bar.add_task("verifying", total=None)
            found = proof.verify(session, lambda count: bar.advance(task, count))
        anchored = anchoring.anchor(database, anchor, tsa_cert) if anchor and found["ok"] else None
    fits = found["ok"] and not (anchored and anchored["problem"])
    if json:
        output.print_json({**found, "ok": fits, "anchor": anchored})
    else:
        _tell(found, anchored)
    if not fits:
        raise typer.Exit(1)


def _tell(found: dict[str, Any], anchored: dict[str, Any] | None) -> None:
    if not found["ok"]:
        output.say(f"The archive is not as it was written: {output.printable(found['first_problem'])}")
        return
    output.say(f"The archive is as it was written: {found['versions']} versions, {found['ledger_lines']} lines.")
    if found["unpurged"]:
        output.note(f"{found['unpurged']} erasures: traces may still lie in free pages; `kle up` clears them.")
    if found["backwards"]:
        output.note(f"{found['backwards']} lines say a time before that of the line above: a clock was set back.")
    if anchored:
        (_tell_written if anchored["written"] else _tell_checked)(anchored)


def _tell_written(anchored: dict[str, Any]) -> None:
    file = anchored["file"]
    output.say(
        f"Wrote {file}: line {anchored['ledger_lines']} of the ledger, {anchored['audit_lines']} of the audit."
    )
    output.note(
        f"Keep it where nobody of this archive can change it. To prove when it was made, send {file}.tsq to a"
    )
    output.note("timestamping authority (RFC 3161) and keep the answer beside it:")
    output.note(f"  curl -H 'Content-Type: application/timestamp-query' --data-binary @{file}.tsq \\")
    output.note(f"    https://YOUR-AUTHORITY/ -o {file}.tsr")


def _tell_checked(anchored: dict[str, Any]) -> None:
    if anchored["problem"]:
        output.say(f"The anchor does not fit: {output.printable(anchored['problem'])}")
        return
    output.say(f"The chains still pass through {anchored['file']} of {anchored['at']}.")
    if anchored["stamped_at"]:
        proof = "its signature holds" if anchored["signature"] else "its signature was not checked: --tsa-cert PEM"
        output.say(f"An authority saw that file at {anchored['stamped_at']}; {proof}.")


def audit(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 50, json: Json = False
) -> None:
    """What was done with this archive: settings, keys, releases, backups, merges and erasures, newest first.

    Example: kle audit --limit 20
    """
    import orjson

    from db import audit as lines
    from kle import runtime

    with runtime.archive() as (_, database), database.read() as session:
        found = lines.listed(session, limit)
    if json:
        output.print_json({"items": found})
        return
    rows = [
        (x["line"], x["at"], x["kind"], x["subject"], orjson.dumps(lines.short(x["detail"])).decode())
        for x in found
    ]
    output.print_table(("line", "at", "kind", "subject", "detail"), rows)
