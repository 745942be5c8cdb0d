"""What a person who may correct tags sees of a post: each topic, what the model says of it, and the form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.access import Caller
from api.render import formats
from api.render.cards import Label


@dataclass(frozen=True, slots=True)
class Verdict:
    """A topic of one post. `model` is None where none read this version; `label` None where nobody tagged it."""

    slug: str
    name: str
    definition: str
    anchor: str
    model: str | None
    label: Label | None

    @property
    def person(self) -> bool:
        return self.label is not None and self.label.correction is not None

    @property
    def note(self) -> str:
        return (self.label.correction.note or "") if self.label and self.label.correction else ""


def may_judge(who: Caller) -> bool:
    """A session: only its forms carry the token that shows where they come from."""
    return who.kind == "session" and who.may("annotate")


def anchor(topic: str) -> str:
    return f"topic-{topic}"


def verdicts(
    topics: Sequence[Mapping[str, str]], labels: Sequence[Label], said: Mapping[str, Mapping[str, Any]]
) -> list[Verdict]:
    """Every topic, those that somebody saw in the text first; `said` is what the model says, by topic."""
    by_slug = {label.slug: label for label in labels}
    order = {label.slug: place for place, label in enumerate(labels)}
    found = [
        Verdict(
            slug=topic["slug"],
            name=topic["name"],
            definition=topic["definition"],
            anchor=anchor(topic["slug"]),
            model=_said(said[topic["slug"]]) if topic["slug"] in said else None,
            label=by_slug.get(topic["slug"]),
        )
        for topic in topics
    ]
    return sorted(found, key=lambda verdict: order.get(verdict.slug, len(order)))


def _said(word: Mapping[str, Any]) -> str:
    return f"{word['decision']}, {formats.percent(word['probability'])}"
