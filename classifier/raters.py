"""What annotators said of posts, beside each other and beside the model: by topic, by language and in all.

Figures of several topics count every answer; their intervals resample posts, whose answers belong together. Where
the posts were drawn from strata, `weighted` estimates the same of all posts that they were drawn from: each answer
stands for (posts of its stratum / answers of its stratum on that topic), and resampling keeps to the strata.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier import agreement, figures
from classifier.agreement import BOTH, FIRST, NONE, Said
from classifier.logistic import Floats

_DIGITS = 4
Row = dict[str, Any]
Figure = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Answers:
    """A annotators, n posts, K topics. `said` is A x n x K, `tagged` n x K: what the model decided, `unsure` as NO,
    NONE where it did not judge. `stratum` of each post is an index into `sizes`, -1 without one; `population` are
    all that were drawn from."""

    annotators: Sequence[str]
    topics: Sequence[str]
    said: Said
    tagged: Said
    stratum: NDArray[np.int64]
    sizes: Floats
    population: int

    def of_topic(self, k: int) -> "Answers":
        return replace(self, topics=[self.topics[k]], said=self.said[:, :, [k]], tagged=self.tagged[:, [k]])

    def pick(self, rows: NDArray[np.bool_]) -> "Answers":
        return replace(self, said=self.said[:, rows], tagged=self.tagged[rows], stratum=self.stratum[rows])


def measure(answers: Answers, languages: Sequence[str]) -> Row:
    """`languages` has one code a post."""
    spoken = np.array(languages, dtype=object)
    return {
        "topics": {topic: _measured(answers.of_topic(k)) for k, topic in enumerate(answers.topics)},
        "overall": _overall(answers),
        "languages": {
            code: {"posts": int((spoken == code).sum()), **_overall(answers.pick(spoken == code))}
            for code in sorted(set(languages))
        },
    }


def _overall(answers: Answers) -> Row:
    found = _measured(answers)
    each = [_measured(answers.of_topic(k), quick=True) for k in range(len(answers.topics))]
    found["mean_kappa"] = _mean([one["kappa"] for one in each])
    against = found["against_tags"]
    against["micro_f1"], against["macro_f1"] = against["f1"], _mean([one["against_tags"]["f1"] for one in each])
    return found


def _mean(values: Sequence[float | None]) -> float | None:
    """Over the topics that have the figure."""
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), _DIGITS) if known else None


def _measured(answers: Answers, quick: bool = False) -> Row:
    """`quick`: without intervals."""
    pairs = [_pair(answers, a, b, quick) for a, b in combinations(range(len(answers.annotators)), 2)]
    found: Row = {"n": int((answers.said != NONE).any(axis=0).sum()), **_kappa_of(pairs), "pairs": pairs}
    if len(answers.annotators) > 2:
        told = _told({"alpha": agreement.alpha}, agreement.units(answers.said), quick=quick)
        found |= {"alpha": told["alpha"], "alpha_interval": told["intervals"]["alpha"]}
    return {**found, "against_tags": _against(answers, quick)}


def _kappa_of(pairs: Sequence[Row]) -> Row:
    """Of the one pair; of several the mean."""
    if not pairs:
        return {"kappa": None, "interval": None, "why": "one annotator: nobody to agree with"}
    if len(pairs) == 1:
        return {name: pairs[0][name] for name in ("kappa", "interval", "why") if name in pairs[0]}
    mean = _mean([pair["kappa"] for pair in pairs])
    return {"kappa": mean, "interval": None, **({} if mean is not None else {"why": pairs[0]["why"]})}


def _pair(answers: Answers, a: int, b: int, quick: bool) -> Row:
    first, second = answers.said[a], answers.said[b]
    counts = agreement.cells(first, second)
    found = _told({"kappa": agreement.kappa}, counts, quick=quick)
    why = _why(counts) if found["kappa"] is None else None
    return {
        "annotators": [answers.annotators[a], answers.annotators[b]],
        "n": int(counts.sum()),
        "kappa": found["kappa"],
        "interval": found["intervals"]["kappa"],
        **({"why": why} if why else {}),
    }


def _why(counts: Floats) -> str:
    """Why there is no kappa."""
    if not counts.sum():
        return "nothing that both answered"
    always = "yes" if counts[:, BOTH].any() else "no"
    return f"both always said {always}: chance alone would agree as much"


def _against(answers: Answers, quick: bool) -> Row:
    """The model's tags against what most annotators said."""
    label, tied = agreement.majority(answers.said)
    counts = agreement.cells(label, answers.tagged)
    judged = {name: _figure(name) for name in ("precision", "recall", "f1", "kappa")}
    return {
        **_told(judged, counts, quick=quick),
        "support": int(counts[:, [BOTH, FIRST]].sum()),
        "n": int(counts.sum()),
        "ties": int(tied.sum()),
        "not_judged": int(((label != NONE) & (answers.tagged == NONE)).sum()),
        "weighted": _weighted(answers, label, judged, quick),
    }


def _figure(name: str) -> Figure:
    return lambda counts: agreement.right(counts)[name]


def _weighted(answers: Answers, label: Said, judged: Mapping[str, Figure], quick: bool) -> Row | None:
    """None where there are no strata, or one alone: its posts weigh the same."""
    there = answers.stratum >= 0
    if len(answers.sizes) < 2 or not there.any() or not answers.topics:
        return None
    label, tagged, stratum = label[there], answers.tagged[there], answers.stratum[there]
    counted = ((label != NONE) & (tagged != NONE)).astype(float)
    answered = np.zeros((len(answers.sizes), label.shape[1]))
    np.add.at(answered, stratum, counted)
    weights = figures.over(np.broadcast_to(answers.sizes[:, None], answered.shape), answered)
    counts = agreement.cells(label, tagged, np.nan_to_num(weights[stratum]))
    reached = np.where(answered > 0, answers.sizes[:, None], 0).sum()
    return {
        **_told(judged, counts, stratum, quick),
        "posts": answers.population,
        "covers": round(float(reached / (answers.population * answered.shape[1])), _DIGITS),
    }


def _told(
    named: Mapping[str, Figure], counts: Floats, groups: NDArray[np.int64] | None = None, quick: bool = False
) -> Row:
    """Each figure of the sums over posts, null where it is undefined, and where the bootstrap puts it."""
    there = counts.any(axis=1)
    alike = (np.zeros(len(counts), np.int64) if groups is None else groups)[there]
    counts = counts[there]
    once = counts.sum(axis=0, keepdims=True)
    found: Row = {name: _shown(figure(once)[0]) for name, figure in named.items()}
    if quick or not len(counts):
        return {**found, "intervals": dict.fromkeys(named)}
    drawn = np.concatenate([weights @ counts for weights in figures.resamples(alike)])
    return {**found, "intervals": {name: _between(figure(drawn)) for name, figure in named.items()}}


def _shown(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), _DIGITS)


def _between(draws: Floats) -> list[float] | None:
    found = figures.interval(draws)
    return None if found is None else [round(bound, _DIGITS) for bound in found]
