"""How `kle labels` shows what it found."""

from collections.abc import Iterable, Mapping
from typing import Any

from kle import output

_MOST = 50  # problems and disagreements that are told one by one; --json has all
_AGAINST = ("precision", "recall", "f1", "kappa")
Row = Mapping[str, Any]


def show(found: Row, check: bool) -> None:
    names = ", ".join(one["name"] for one in found["annotators"])
    output.say(f"{found['labels']} labels of {found['posts']} posts by {len(found['annotators'])}: {names}")
    _show_columns(found["files"])
    if not check:
        output.say(
            f"{found['stored']} stored as corrections, {found['unchanged']} stood there already,"
            f" {found['held']} not stored: somebody corrected otherwise in the archive"
        )
    output.say("In brackets: where 95 in 100 bootstrap resamples lie.")
    if len(found["annotators"]) > 1:
        _show_agreement(found)
    _show_against(found)
    _show_languages(found["languages"])
    _show_disagreements(found)


def _show_columns(files: Iterable[Row]) -> None:
    """Only where an empty cell means something, or something is missing."""
    for file in files:
        crossed = [one["column"] for one in file["columns"] if one["empty"] == "no"]
        blank = [one["column"] for one in file["columns"] if not one["marks"]]
        if crossed:
            output.say(f"{file['path']}: only crosses, so an empty cell is no, in {', '.join(crossed)}")
        if blank:
            output.say(f"{file['path']}: nothing in {', '.join(blank)}: not labelled")
        if file["stratified"] and not file["strata"]:
            output.say(f"{file['path']}: no figures are weighted without its sample's manifest.json: say where the"
                       " release is by --release DIR")  # fmt: skip


def _show_agreement(found: Row) -> None:
    output.say("\nHow far annotators agree: Cohen's kappa; of more than two the mean, and Krippendorff's alpha:\n")
    many = len(found["annotators"]) > 2
    head = ("topic", "labels", "kappa", *(("alpha",) if many else ()), "")
    output.print_table(head, (_agreed(name, row, many) for name, row in _rows(found)))
    if many:
        output.say("")
        pairs = found["overall"]["pairs"]
        shown = ((" and ".join(one["annotators"]), one["n"], _cell(one, "kappa", one["interval"])) for one in pairs)
        output.print_table(("annotators", "labels in common", "kappa"), shown)


def _agreed(name: str, row: Row, many: bool) -> list[Any]:
    alpha = [_cell(row, "alpha", row.get("alpha_interval"))] if many else []
    return [name, row["n"], _cell(row, "kappa", row["interval"]), *alpha, row.get("why", "")]


def _show_against(found: Row) -> None:
    output.say("\nThe model's tags against the labels of most annotators; unsure counts as not tagged:\n")
    output.print_table(("topic", *_AGAINST, "hold", "of"), (_against(*row) for row in _rows(found)))
    rows = [
        (name, row["against_tags"]["weighted"]) for name, row in _rows(found) if row["against_tags"]["weighted"]
    ]
    if rows:
        posts = rows[0][1]["posts"]
        output.say(f"\nWeighted by stratum, an estimate for all {posts} posts that the sample was drawn from:\n")
        output.print_table(("topic", *_AGAINST, "covers"), (
            (name, *(_cell(row, figure, row["intervals"][figure]) for figure in _AGAINST), f"{row['covers']:.1%}")
            for name, row in rows
        ))  # fmt: skip
    overall = found["overall"]["against_tags"]
    for count, what in ((overall["ties"], "labels left out: as many said yes as no"),
                        (overall["not_judged"], "labels left out: no model judged the topic")):  # fmt: skip
        if count:
            output.say(f"{count} {what}")


def _against(name: str, row: Row) -> list[Any]:
    found = row["against_tags"]
    return [name, *(_cell(found, one, found["intervals"][one]) for one in _AGAINST), found["support"], found["n"]]


def _rows(found: Row) -> list[tuple[str, Row]]:
    return [*found["topics"].items(), ("all", found["overall"])]


def _show_languages(languages: Row) -> None:
    if len(languages) < 2:
        return
    output.say("")
    head = ("language", "posts", "kappa", "micro F1", "macro F1")
    output.print_table(head, (
        (code, row["posts"], _cell(row, "kappa", row["interval"]),
         *(_cell(row["against_tags"], name, None) for name in ("micro_f1", "macro_f1")))
        for code, row in languages.items()
    ))  # fmt: skip


def _show_disagreements(found: Row) -> None:
    listed = found["disagreed"][:_MOST]
    if not listed:
        return
    output.say(f"\n{found['disagreements']} labels on which annotators differ; none of them is stored:\n")
    said = {True: "yes", False: "no"}
    output.print_table(("post", "topic", "answers"), (
        (one["id"], one["topic"], ", ".join(f"{name} {said[answer]}" for name, answer in one["answers"].items()))
        for one in listed
    ))  # fmt: skip
    _more(found["disagreements"], "disagreements")


def tell_problems(problems: list[Row]) -> None:
    for one in problems[:_MOST]:
        where = f"{one['file']}, line {one['line']}" + (f", {one['id']}" if one["id"] else "")
        output.note(output.printable(f"{where}: {one['problem']}"))
    if len(problems) > _MOST:
        output.note(f"and {len(problems) - _MOST} more problems; --json lists all")


def _more(count: int, what: str) -> None:
    if count > _MOST:
        output.say(f"and {count - _MOST} more {what}; --json lists them")


def _cell(row: Row, name: str, between: Any) -> str:
    """A dash where there was nothing to count."""
    if row[name] is None:
        return "–"
    return f"{row[name]:.3f}" + (f" ({between[0]:.2f} to {between[1]:.2f})" if between else "")
