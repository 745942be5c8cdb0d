"""`kle alerts list|add|end|test|rotate|reset-key|backtest`."""

from typing import Annotated, Any

import typer

from kle import output

app = typer.Typer(help="Who is told of what, and how that goes.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Number = Annotated[int, typer.Argument(metavar="ALERT", help="Its number in `kle alerts list`.")]
Query = Annotated[str, typer.Argument(help="A search in the query language; empty for every post.")]
Cadence = Annotated[str, typer.Option(help="at_once, hourly, or daily 07:00 Europe/Berlin.")]
Quiet = Annotated[str | None, typer.Option(help="Hours without messages: 22:00-07:00 Europe/Berlin.")]
Lang = Annotated[str, typer.Option(help="Language of the messages: en, de, ar, ckb or kmr.")]
Edits = Annotated[bool, typer.Option("--edits", help="Tell a post again when its text was edited.")]
MaxAge = Annotated[str, typer.Option(help="Older posts are told as found late.")]
MoreThan = Annotated[str | None, typer.Option(help="Speak when there are more than N posts in T: 20/24h.")]
Unusual = Annotated[bool, typer.Option("--unusual", help="Speak when there are far more posts than usual.")]
Silence = Annotated[bool, typer.Option("--silence", help="Speak when there was none for longer than ever.")]


@app.command("list")
def list_(json: Json = False) -> None:
    """Every alert with its channels, what waits, and when it last spoke."""
    from alerts import showing
    from db import alerts
    from kle import runtime

    with runtime.archive() as (_, database), database.read() as session:
        rows = showing.told_of(session, alerts.all_of(session))
    if json:
        output.print_json({"items": rows})
    elif rows:
        names = ("id", "name", "query", "rule", "cadence", "channels", "waiting", "last sent", "state")
        output.print_table(names, [_row(row) for row in rows])
    else:
        output.note('There are no alerts: `kle alerts add "topic:reform" --email you@example.org` makes one.')


@app.command()
def add(
    query: Query,
    name: Annotated[str, typer.Option(help="As messages call it; else the search.")] = "",
    email: Annotated[list[str] | None, typer.Option(help="An address, which has to say yes; repeatable.")] = None,
    webhook: Annotated[list[str] | None, typer.Option(help="An address that takes posts; repeatable.")] = None,
    apprise: Annotated[list[str] | None, typer.Option(help="A chat's address, as Apprise has it.")] = None,
    cadence: Cadence = "at_once",
    quiet: Quiet = None,
    lang: Lang = "en",
    edits: Edits = False,
    max_age: MaxAge = "7d",
    more_than: MoreThan = None,
    unusual: Unusual = False,
    silence: Silence = False,
    json: Json = False,
) -> None:
    """Make an alert. A webhook's signing secret is shown this once.

    Example: kle alerts add "topic:reform peshmerga" --webhook https://example.org/hook
    """
    from alerts import saving, showing
    from alerts.desk import Desk
    from core import times
    from db import alerts
    from kle import runtime

    channels = [{"kind": "email", "to": to} for to in email or ()]
    channels += [{"kind": "webhook", "url": url} for url in webhook or ()]
    channels += [{"kind": "apprise", "url": url} for url in apprise or ()]
    said = {"name": name or query or "Every post", "channels": channels, "quiet": quiet, "max_age": max_age}
    form = _form(query, cadence, lang, edits, _rule(more_than, unusual, silence), said)
    with runtime.archive() as (settings, database), database.write(lasting=True) as session:
        made = saving.make(session, form, Desk.of(settings), "kle", times.now())
        (told,) = showing.told_of(session, [alerts.get(session, made.id)])
    for channel in told["channels"]:
        channel["secret"] = made.secrets.get(channel["subscription"])
    if json:
        output.print_json(told)
        return
    output.say(output.printable(f"Alert {made.id}: {told['name']}"))
    for channel in told["channels"]:
        secret = f", signed with {channel['secret']} (shown this once)" if channel["secret"] else ""
        waits = ", which has to confirm first" if channel["state"] == "unconfirmed" else ""
        output.say(output.printable(f"  {channel['kind']} {channel['shown']}{waits}{secret}"))
    if not channels:
        output.note("It has no channel yet: follow its feed or stream, or add one at /alerts.")


@app.command()
def end(number: Number) -> None:
    """End an alert; what it sent stays listed in the archive."""
    from alerts import saving
    from core import times
    from kle import runtime

    with runtime.archive() as (_, database), database.write(lasting=True) as session:
        saving.end(session, number, times.now())
    output.note(f"Alert {number} has ended.")


@app.command()
def test(number: Number, json: Json = False) -> None:
    """Send each of its channels a message now, with the newest posts that match, and say how that went.

    Exit code 1 if one was not taken.
    """
    from alerts import saving
    from alerts.deliver import Outbox
    from alerts.desk import Desk
    from core import times
    from kle import claims, runtime

    with runtime.archive() as (settings, database):
        desk = Desk.of(settings)
        with database.write(lasting=True) as session:
            keys = saving.test(session, number, desk, times.now())
        results = Outbox(database, desk, claims.worker_name()).only(keys)
    if json:
        output.print_json({"items": results})
    elif not results:
        output.note("Nobody hears of it: it has no channel, or none that has confirmed.")
    for one in () if json else results:
        output.say(
            output.printable(f"{one['kind']} {one['shown']}: {one['outcome']} {one['answer'] or ''}".rstrip())
        )
    if any(one["outcome"] != "sent" for one in results):
        raise typer.Exit(1)


@app.command()
def rotate(
    number: Number,
    subscription: Annotated[int, typer.Argument(metavar="SUBSCRIPTION", help="As `kle alerts list --json` says.")],
) -> None:
    """A new signing secret for a webhook, shown this once; the one before stays valid for a day."""
    from alerts import saving
    from alerts.desk import Desk
    from core import times
    from kle import runtime

    with runtime.archive() as (settings, database), database.write(lasting=True) as session:
        output.say(saving.rotate(session, number, subscription, Desk.of(settings), times.now()))


@app.command("reset-key")
def reset_key() -> None:
    """After secret.key was lost: let go of all channels, which nobody can read any more, and take the key at hand.

    Alerts stay, without channels. Whoever finds the old key again should put it back instead.
    """
    from alerts import saving
    from alerts.desk import Desk
    from core import times
    from kle import runtime

    with runtime.archive() as (settings, database), database.write(lasting=True) as session:
        desk = Desk.of(settings)
        gone = 0 if desk.fits(session) else saving.let_go(session, desk, times.now())
    output.note(
        f"{gone} channels were let go." if gone else "The key at hand opens this archive's alerts: nothing to do."
    )


@app.command()
def backtest(
    query: Query,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How far to look back.")] = 90,
    cadence: Cadence = "at_once",
    quiet: Quiet = None,
    max_age: MaxAge = "7d",
    more_than: MoreThan = None,
    unusual: Unusual = False,
    silence: Silence = False,
    json: Json = False,
) -> None:
    """What such an alert would have sent. Nothing is saved.

    Example: kle alerts backtest "topic:reform" --cadence "daily 07:00 Europe/Berlin"
    """
    from alerts import preview
    from alerts.links import Links
    from core import times
    from kle import runtime

    said = {"name": "backtest", "quiet": quiet, "max_age": max_age}
    form = _form(query, cadence, "en", False, _rule(more_than, unusual, silence), said)
    with runtime.archive() as (settings, database), database.read() as session:
        found = preview.preview(session, form, Links.of(settings), times.now(), days)
    if json:
        output.print_json(found)
        return
    output.print_table(
        ("date", "posts", "found late", "messages"),
        [
            [d["date"], d["posts"], d["late"], d["messages"]]
            for d in found["per_day"]
            if d["posts"] or d["messages"]
        ],
    )
    busiest = f"; most on {found['busiest']['date']}: {found['busiest']['posts']}" if found["busiest"] else ""
    output.say(f"{found['messages']} messages of {found['posts']} posts in {found['days']} days{busiest}.")
    for one in found["spoken"]:
        output.say(output.printable(f"{one['at']}  {one['explained']}"))
    output.note(found["note"])


def _form(query: str, cadence: str, lang: str, edits: bool, rule: dict[str, Any], more: dict[str, Any]) -> Any:
    """Raises BadRequest, which names what is wrong."""
    from pydantic import ValidationError

    from core.alert import AlertForm
    from core.errors import BadRequest

    said = {"query": query, "cadence": cadence, "lang": lang, "edits": edits, "rule": rule, **more}
    try:
        return AlertForm.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise BadRequest(f"{name}: {first['msg'].removeprefix('Value error, ')}") from None


def _rule(more_than: str | None, unusual: bool, silence: bool) -> dict[str, Any]:
    """Raises BadRequest."""
    from core.errors import BadRequest

    if (more_than is not None) + unusual + silence > 1:
        raise BadRequest("give one of --more-than, --unusual and --silence")
    if more_than is not None:
        count, slash, within = more_than.partition("/")
        if not (count.isdecimal() and slash and within):
            raise BadRequest(f"--more-than {more_than} is no number and span; write 20/24h")
        return {"kind": "more_than", "count": int(count), "within": within}
    return {"kind": "unusual" if unusual else "silence" if silence else "posts"}


def _row(alert: dict[str, Any]) -> list[Any]:
    rule = alert["rule"]
    said = f"more than {rule['count']} in {rule['within']}" if rule["kind"] == "more_than" else rule["kind"]
    channels = ", ".join(
        f"{one['kind']} {one['shown']}" + ("" if one["state"] == "active" else f" ({one['state']})")
        for one in alert["channels"]
    )
    states = {one["state"] for one in alert["channels"]} & {"failing", "paused"}
    trouble = " and ".join(f"a channel is {one}" for one in sorted(states))
    state = "paused" if alert["paused_at"] else trouble or ("kle.toml" if alert["declared"] else "active")
    return [alert["id"], alert["name"], alert["query"], said, alert["cadence"], channels, alert["waiting"],
            alert["last_sent_at"], state]  # fmt: skip
