"""models.md: the card of each model that judged what is in the release, as the archive has it.

Names are sorted: not every database keeps the order of a card's fields.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from exports.papers.about import About
from exports.papers.markup import inline, page, table

_AVERAGES = {
    "macro_f1": "macro F1 (each topic counts the same)",
    "micro_f1": "micro F1 (each tag counts the same)",
    "mean_average_precision": "mean average precision",
    "off_topic_tagged": "share of off-topic posts that got a tag",
    "posts_with_unsure": "share of posts with something unsure",
}
_FIGURES = ("precision", "recall", "f1", "average_precision", "calibration_error")
_LANGUAGES = {
    "en": "English",
    "ar": "Arabic",
    "ckb": "Central Kurdish (Sorani)",
    "kmr": "Northern Kurdish (Kurmanji)",
}
Card = Mapping[str, Any]


def models(about: About) -> str:
    if not about.cards:
        return page("# Models", "No model judged what is in this release.")
    return page(
        "# Models",
        "Each tag names the model that judged by its digest (`model`); a tag without one is a person's word. What"
        " stands here is what the archive knows of those models.",
        *(part for entry in about.cards for part in _model(entry["digest"], entry["card"])),
    )


def name(card: Card) -> str:
    """What a model is, in its card's words."""
    encoder = card.get("encoder") or {}
    return str(encoder.get("encoder") or encoder.get("model") or "a model without a card")


def languages(card: Card) -> list[str]:
    """Those that it was trained on."""
    return [_LANGUAGES.get(code, code) for code in sorted((card.get("data") or {}).get("languages") or {})]


def _model(digest: str, card: Card) -> Iterable[str]:
    yield f"## `{digest}`"
    yield inline(name(card))
    spoken = languages(card)
    if spoken:
        data = card["data"]
        yield (
            f"Trained and measured on {data['posts']} labelled posts: "
            + ", ".join(
                f"{_LANGUAGES.get(code, inline(code))} {count}" for code, count in sorted(data["languages"].items())
            )
            + (". All of them were written for that; none is a real post." if data.get("synthetic") else ".")
        )
    yield from _thresholds(card)
    yield from _measured(card.get("test"))
    yield from _own(card.get("own_topics") or {})
    limits = card.get("limits") or ()
    if limits:
        yield "### Limits"
        yield "\n".join(f"- {inline(limit)}" for limit in limits)


def _thresholds(card: Card) -> Iterable[str]:
    found = card.get("thresholds") or {}
    if found:
        yield "### Thresholds"
        yield "From which probability a topic is `tagged`:"
        yield table(("topic", "threshold"), ((f"`{slug}`", _shown(value)) for slug, value in sorted(found.items())))


def _measured(test: Card | None) -> Iterable[str]:
    if not test:
        yield "Nothing is known of how good it is: it has no measured card."
        return
    yield "### Measured on its test part"
    yield "Nothing was chosen on these posts. In brackets: where 95 in 100 bootstrap resamples lie."
    yield table(
        (f"{test['posts']} posts", "figure"),
        ((said, _figure(test, key)) for key, said in _AVERAGES.items() if key in test),
    )
    yield _by_language(test["languages"])
    yield _by_topic(test["topics"])


def _by_language(found: Mapping[str, Card]) -> str:
    keys = ("macro_f1", "micro_f1", "off_topic_tagged")
    rows = ((_LANGUAGES.get(code, inline(code)), *(_figure(said, key) for key in keys), said["posts"])
            for code, said in sorted(found.items()))  # fmt: skip
    return table(("language", "macro F1", "micro F1", "off-topic posts with a tag", "posts"), rows)


def _by_topic(found: Mapping[str, Card]) -> str:
    rows = (
        (f"`{slug}`", *(_figure(said, key) for key in _FIGURES), said["support"])
        for slug, said in sorted(found.items())
    )
    return table(("topic", "precision", "recall", "F1", "average precision", "calibration error", "posts"), rows)


def _own(found: Mapping[str, Card]) -> Iterable[str]:
    if found:
        yield "### Topics of the operator's own"
        yield "Cross-validated over the examples that define them; in brackets where nine in ten resamples lie."
        keys = [key for key in _FIGURES if any(key in said for said in found.values())]
        yield table(("topic", *keys), ([f"`{slug}`", *_each(said, keys)] for slug, said in sorted(found.items())))


def _each(said: Card, keys: Sequence[str]) -> list[str]:
    return [_figure(said, key) if key in said else "" for key in keys]


def _figure(found: Card, key: str) -> str:
    """With the range that chance may move it in: beside all figures, or inside this one."""
    if isinstance(found[key], Mapping):
        return f"{_shown(found[key]['value'])} ({_shown(found[key]['low'])} to {_shown(found[key]['high'])})"
    between = (found.get("intervals") or {}).get(key)
    return _shown(found[key]) + (f" ({_shown(between[0])} to {_shown(between[1])})" if between else "")


def _shown(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, int | float) else inline(value)
