"""A model against what people said: it reads the texts that they corrected, and each of their words is held to it.

People correct what they look at, and they look at what seems wrong: the figures say how the model does there, not
how good it is. `unsure` counts neither for the model nor against it: it asked, and a person answered.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from classifier.embed import Progress
from classifier.model import Model
from db import corrections
from db.corrections import Standing
from db.database import Database

NOTE = (
    "People correct what they look at, and they look at what seems wrong: these figures are about those posts, and"
    " say nothing of the posts that nobody looked at."
)
_DIGITS = 4
Decisions = Mapping[tuple[int, str], str]  # what the model decides of (version, topic)


def evaluate(
    database: Database, model: Model, progress: Progress | None = None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The figures of `model` on the corrections in force, each on the text that it was made on; and `labelled`."""
    with database.read() as session:
        said, seen = corrections.standing(session), corrections.to_look_at(session)
    decided = _decided(model, said, progress)
    figures = {"model": model.digest, **measure(said, decided, seen), "note": NOTE}
    return figures, labelled(said, decided)


def _decided(model: Model, said: Sequence[Standing], progress: Progress | None) -> Decisions:
    texts = {word.version_id: word.text for word in said}
    predictions = model.predict(list(texts.values()), progress=progress)
    return {
        (version, score.topic): score.decision
        for version, prediction in zip(texts, predictions, strict=True)
        for score in prediction.topics
    }


def measure(said: Sequence[Standing], decided: Decisions, seen: Mapping[str, int]) -> dict[str, Any]:
    """In all and by topic; `seen` are the posts on which somebody said something of a topic."""
    words: dict[str, list[Standing]] = defaultdict(list)
    for word in said:
        words[word.topic].append(word)
    return {
        "posts": len({word.version_id for word in said}),
        **_figures(said, decided),
        "topics": {
            topic: {**_figures(words[topic], decided), "share": _share(len(words[topic]), seen.get(topic, 0))}
            for topic in sorted(words)
        },
    }


def _figures(said: Iterable[Standing], decided: Decisions) -> dict[str, Any]:
    """`precision`: of what the model tagged among these, what people let stand; None where it tagged none.

    `not_judged` are of topics that this model has not.
    """
    pairs = Counter((decided.get((word.version_id, word.topic)), word.decision) for word in said)
    agreed = pairs["tagged", "tagged"] + pairs["not", "not"]
    overruled = pairs["tagged", "not"] + pairs["not", "tagged"]
    tagged = pairs["tagged", "tagged"] + pairs["tagged", "not"]
    return {
        "corrections": pairs.total(),
        "agreed": agreed,
        "overruled": overruled,
        "unsure": pairs["unsure", "tagged"] + pairs["unsure", "not"],
        "not_judged": pairs[None, "tagged"] + pairs[None, "not"],
        "precision": _share(pairs["tagged", "tagged"], tagged),
        "agreement": _share(agreed, agreed + overruled),
    }


def labelled(said: Sequence[Standing], decided: Decisions) -> list[dict[str, Any]]:
    """{"text", "labels", "language"} of each text that people went through.

    They decided every topic that the model sees in it or is unsure of, so that no label is a model's. A topic that
    neither saw may still hold.
    """
    texts: dict[int, list[Standing]] = defaultdict(list)
    for word in said:
        texts[word.version_id].append(word)
    doubtful = {place for place, decision in decided.items() if decision != "not"}
    open_ = {version for version, _ in doubtful - {(word.version_id, word.topic) for word in said}}
    return [
        {
            "text": words[0].text,
            "labels": [word.topic for word in words if word.decision == "tagged"],
            "language": words[0].lang or "und",
        }
        for version, words in texts.items()
        if version not in open_
    ]


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, _DIGITS) if whole else None
