"""What the labels of another maker's model mean: topics, or the answers of natural language inference."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from classifier.taxonomy import Topic
from core.errors import ModelError

NONE = "none"  # what a label that is no topic is mapped to
_CONTRARY = ("contradiction", "not_entailment")


@dataclass(frozen=True)
class Inference:
    """The columns of an NLI model: does a text entail that it is about a topic, or does it contradict?"""

    entailment: int
    contradiction: int


@dataclass(frozen=True)
class Named:
    """The column of each topic that some label names, in the taxonomy's order."""

    columns: dict[str, int]


def read(labels: Sequence[str], given: Mapping[str, str], topics: Sequence[Topic]) -> Inference | Named:
    """`labels` in the order of the model's columns; `given` says what those mean that do not say it themselves."""
    unknown = [label for label in given if label not in labels]
    if unknown:
        raise ModelError(f"model_labels names {unknown[0]!r}, but its labels are {', '.join(labels)}")
    means = [_plain(given.get(label, label)) for label in labels]
    if "entailment" in means:
        contrary = [name for name in _CONTRARY if name in means]
        if not contrary:
            raise ModelError(f"it has an entailment label but no contradiction; its labels are {', '.join(labels)}")
        return Inference(means.index("entailment"), means.index(contrary[0]))
    return Named(_columns(labels, means, topics))


def _columns(labels: Sequence[str], means: Sequence[str], topics: Sequence[Topic]) -> dict[str, int]:
    slugs = {_plain(name): topic.slug for topic in topics for name in (topic.name, topic.slug)}
    found: dict[str, int] = {}
    for column, (label, meaning) in enumerate(zip(labels, means, strict=True)):
        if meaning == NONE:
            continue
        if meaning not in slugs:
            raise ModelError(_no_topic(label, labels, topics))
        slug = slugs[meaning]
        if slug in found:
            raise ModelError(f"two of its labels mean {slug}: {labels[found[slug]]}, {label}; map one to {NONE}")
        found[slug] = column
    if not found:
        raise ModelError(f"none of its labels means a topic; they are {', '.join(labels)}")
    return {topic.slug: found[topic.slug] for topic in topics if topic.slug in found}


def _no_topic(label: str, labels: Sequence[str], topics: Sequence[Topic]) -> str:
    return (
        f"its label {label!r} is no topic. Its labels are {', '.join(labels)}; topics are "
        f"{', '.join(topic.slug for topic in topics)}. Say what it means in kle.toml: "
        f'model_labels = {{ "{label}" = "{topics[0].slug}" }}, or "{NONE}"'
    )


def _plain(name: str) -> str:
    """Case, hyphens, spaces and underscores make no difference."""
    return "_".join(re.findall(r"\w+", name.casefold().replace("_", " ")))
