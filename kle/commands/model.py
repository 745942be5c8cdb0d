"""`kle model info|evaluate|train`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from kle import output

app = typer.Typer(help="The classifier: what it is, how good it is, and how it is made.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Folder = Annotated[Path | None, typer.Option("--model", metavar="DIR", help="Another model's folder.")]


@app.command()
def info(model: Folder = None, json: Json = False) -> None:
    """The model in use: digest, topics with thresholds, and its card with the measured figures."""
    loaded = _load(model)
    thresholds = dict(zip(loaded.topics, loaded.thresholds.tolist(), strict=True))
    own = loaded.card.get("own_topics", {})
    said = {"digest": loaded.digest, "path": str(loaded.path), "topics": thresholds, "card": loaded.card}
    if json:
        output.print_json(said)
        return
    output.say(f"model {loaded.digest}\nin {loaded.path}\n")
    output.print_table(("topic", "tagged from"), ((slug, f"{bound:.2f}") for slug, bound in thresholds.items()))
    _print_own(own)
    _print_card(loaded)


def _print_card(loaded: Any) -> None:
    """As people read it where the model has it so, else as it is."""
    written = loaded.path / "card.md"
    if written.is_file():
        output.say(written.read_text(encoding="utf-8"))
    else:
        output.out.print_json(data={key: value for key, value in loaded.card.items() if key != "own_topics"})


def _print_own(topics: dict[str, Any]) -> None:
    """What heads of own topics said of texts that they had not seen; in brackets how far chance may move it."""
    if not topics:
        return
    from classifier.own.figures import NAMES, told

    head = ("own topic", "examples", "against", *NAMES)
    rows = (
        (slug, found["examples"], found["counter_examples"] + found["background"],
         *told(found).values())
        for slug, found in topics.items()
    )  # fmt: skip
    share = next(iter(topics.values()))["as_if_share"]
    output.say(f"\nOwn topics, judged out of fold, as if {share:.0%} of all posts were in each. Few examples say\n"
               "little: nine in ten samples of so few texts would lie where the brackets say.\n")  # fmt: skip
    output.print_table(head, rows)
    output.say("")


@app.command()
def evaluate(
    file: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, help="JSON Lines with text, labels, language."),
    ] = None,
    corrections: Annotated[
        bool, typer.Option("--corrections", help="Against what people corrected in the archive instead.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="With --corrections: write the texts that people went through as labelled lines."
        ),
    ] = None,
    model: Folder = None,
    json: Json = False,
) -> None:
    """Precision, recall and F1 by topic and language, on labelled lines {"text", "labels", "language"}.

    Examples: kle model evaluate labelled.jsonl --json; kle model evaluate --corrections
    """
    if (file is None) != corrections:
        output.fail("name a FILE of labelled lines, or --corrections; one of the two")
    if corrections:
        _against_people(_load(model), out, json)
        return
    if out:
        output.fail("--out goes with --corrections: it writes what people corrected")
    from classifier import evaluate as measure

    assert file
    with output.progress() as bar:
        task = bar.add_task("reading", total=None)
        found = measure.evaluate(
            file, _load(model), lambda done, total: bar.update(task, completed=done, total=total)
        )
    if json:
        output.print_json(found)
        return
    _print_figures(found)


def _against_people(model: Any, out: Path | None, json: bool) -> None:
    from classifier import corrections
    from kle import runtime

    with runtime.archive() as (_, database), output.progress() as bar:
        task = bar.add_task("reading", total=None)
        found, lines = corrections.evaluate(
            database, model, lambda done, total: bar.update(task, completed=done, total=total)
        )
    if out:
        output.write_lines(out, lines)
        output.note(
            f"{len(lines)} of {found['posts']} texts have a person's word on every topic the model sees: {out}"
        )
    if json:
        output.print_json(found)
        return
    output.say(
        f"{found['corrections']} corrections on {found['posts']} posts. The model agrees with {found['agreed']}"
    )
    output.say(f"and is unsure of {found['unsure']}; {found['overruled']} overrule it.")
    if found["not_judged"]:
        output.say(f"Not counted: {found['not_judged']} on topics that this model does not know.")
    output.say("share: which part of the posts with that topic anybody decided.\n")
    names = ("corrections", "agreed", "overruled", "unsure", "precision", "agreement", "share")
    rows = ((topic, *(row[name] for name in names)) for topic, row in found["topics"].items())
    output.print_table(("topic", *names), rows)
    output.say(f"\n{found['note']}")


def _print_figures(found: dict[str, Any]) -> None:
    output.say(
        f"{found['posts']} posts: macro F1 {_figure(found, 'macro_f1')}, micro F1 {_figure(found, 'micro_f1')},\n"
        f"of {found['off_topic_posts']} off-topic posts tagged {_figure(found, 'off_topic_tagged')}\n"
        "In brackets: where 95 in 100 bootstrap resamples lie.\n"
    )
    topics, languages = found["topics"], found["languages"]
    _print_rows("topic", topics, ("precision", "recall", "f1", "average_precision", "calibration_error"), "support")
    _print_rows(
        "language", languages, ("macro_f1", "micro_f1", "mean_average_precision", "off_topic_tagged"), "posts"
    )
    output.say("F1 by topic and language, and of how many posts:\n")
    shares = ([slug, *(_share(row["topics"][slug]) for row in languages.values())] for slug in topics)
    output.print_table(("topic", *languages), shares)


def _print_rows(what: str, rows: dict[str, Any], figures: tuple[str, ...], count: str) -> None:
    cells = ((name, *(_figure(row, figure) for figure in figures), row[count]) for name, row in rows.items())
    output.print_table((what, *figures, count), cells)
    output.say("")


def _share(row: dict[str, Any]) -> str:
    return f"{row['f1']:.3f} of {row['support']}" if row["support"] else "–"


def _figure(row: dict[str, Any], name: str) -> str:
    """A dash where there was nothing to count: 0 would look like a failure."""
    between = row["intervals"][name]
    if between is None and not row[name]:
        return "–"
    return f"{row[name]:.3f}" + (f" ({between[0]:.2f} to {between[1]:.2f})" if between else "")


def _load(folder: Path | None) -> Any:
    from core import settings
    from kle import runtime

    given = {"model": str(folder)} if folder else {}
    loaded = runtime.model(settings.load().model_copy(update=given))
    if loaded is None:
        output.fail("KLE_MODEL = none switches the classifier off; name a model with --model DIR")
    return loaded


@app.command()
def train(
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Labelled *.jsonl files; default: the shipped ones.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the new model goes.")] = Path("model"),
    seed: Annotated[int, typer.Option(help="Same data, same seed: the same model.")] = 7,
    encoder: Annotated[
        bool,
        typer.Option("--encoder", help="Tune the encoder anew as well; needs the extra `train`, some 15 minutes."),
    ] = False,
    json: Json = False,
) -> None:
    """Fit the heads on labelled posts and write model and card to a folder.

    Without --encoder the shipped encoder stays as it is: it was tuned on the training part of the shipped posts.

    Example: kle model train --out model && KLE_MODEL=model kle classify --all
    """
    import os

    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when numpy loads; on few cores its threads only wait

    from classifier import build_encoder, corpus
    from classifier import train as training
    from classifier.model import SHIPPED

    posts = data or corpus.SHIPPED
    with output.progress() as bar:
        task = bar.add_task("training", total=None)

        def tell(what: str, done: int, of: int) -> None:
            bar.update(task, description=what, completed=done, total=of)

        if encoder:
            build_encoder.build(out, lesson=build_encoder.Lesson(posts, seed), progress=tell)
        card = training.train(posts, out if encoder else SHIPPED, seed, out_dir=out, progress=tell)
    if json:
        output.print_json(card)
    else:
        output.say(f"Wrote {out}. Try it: kle model evaluate FILE --model {out}")
