"""Agreement and figures against labels: textbook examples, and numbers that scikit-learn and krippendorff gave."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import agreement, raters
from classifier.agreement import NO, NONE, YES, Said
from classifier.raters import Answers

# scikit-learn 1.x and krippendorff 0.8 were asked about these; a point is no answer
ANA = "0010001011010000111001010110100010001000"
BEN = "0000000000.10100111011010110110010001010"
CEM = "10.1..0..001.110.0100111010.1.0010001000"
MODEL = "0000000000110100111001011110100011001010"


def said(*columns: str) -> Said:
    """n x K."""
    signs = {"1": YES, "0": NO, ".": NONE}
    return np.array([[signs[sign] for sign in column] for column in columns], np.int8).T


def answers(
    *annotators: Said, tagged: Said, stratum: str = "", sizes: tuple[int, ...] = (), beyond: int = 0
) -> Answers:
    names = [f"annotator {n}" for n in range(len(annotators))]
    topics = [f"topic {k}" for k in range(tagged.shape[1])]
    index = np.array([int(sign) for sign in stratum] or [-1] * len(tagged), np.int64)
    return Answers(names, topics, np.stack(annotators), tagged, index, np.array(sizes, float), sum(sizes) + beyond)


def kappa(both: int, first: int, second: int, neither: int) -> float:
    return float(agreement.kappa(np.array([[both, first, second, neither]], float))[0])


@pytest.mark.parametrize(
    ("counts", "expected"),
    [((20, 5, 10, 15), 0.4), ((45, 15, 25, 15), 0.1304), ((25, 35, 5, 35), 0.2593), ((0, 3, 3, 0), -1.0)],
)
def test_kappa_is_that_of_the_textbooks(counts: tuple[int, int, int, int], expected: float) -> None:
    assert kappa(*counts) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize("counts", [(0, 0, 0, 0), (0, 0, 0, 9), (7, 0, 0, 0), (0.1, 0, 0, 0)])
def test_where_chance_alone_agrees_on_everything_there_is_no_kappa(counts: tuple[int, int, int, int]) -> None:
    assert math.isnan(kappa(*counts))


@pytest.mark.parametrize(
    ("one", "other", "n", "expected"), [(ANA, BEN, 39, 0.56667), (ANA, CEM, 31, 0.39741), (BEN, CEM, 30, 0.45701)]
)
def test_kappa_is_that_of_scikit_learn(one: str, other: str, n: int, expected: float) -> None:
    counts = agreement.cells(said(one), said(other)).sum(axis=0, keepdims=True)
    assert counts.sum() == n
    assert agreement.kappa(counts)[0] == pytest.approx(expected, abs=5e-6)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [(("0100000010", "1110010000"), 0.095238), ((ANA, BEN), 0.572222), ((ANA, BEN, CEM), 0.470323)],
)
def test_alpha_is_that_of_krippendorff(columns: tuple[str, ...], expected: float) -> None:
    sums = agreement.units(np.stack([said(column) for column in columns])).sum(axis=0, keepdims=True)
    assert agreement.alpha(sums)[0] == pytest.approx(expected, abs=5e-7)


def test_tags_against_labels_are_as_scikit_learn_measures_them() -> None:
    found = raters.measure(answers(said(ANA), tagged=said(MODEL)), ["en"] * 40)["topics"]["topic 0"]
    against = found["against_tags"]
    assert [against[name] for name in ("precision", "recall", "f1", "kappa")] == [0.6875, 0.7333, 0.7097, 0.5263]
    assert (against["support"], against["n"], against["weighted"]) == (15, 40, None)
    assert (found["kappa"], found["why"]) == (None, "one annotator: nobody to agree with")
    for name in ("precision", "recall", "f1", "kappa"):
        low, high = against["intervals"][name]
        assert low < against[name] < high


def test_several_topics_are_counted_together_and_as_a_mean() -> None:
    labels, tags = said(ANA, ANA[::-1]), said(MODEL, CEM.replace(".", "0"))
    found = raters.measure(answers(labels, tagged=tags), ["en"] * 40)["overall"]["against_tags"]
    assert (found["micro_f1"], found["macro_f1"], found["kappa"]) == (0.678, 0.6763, 0.4899)


def test_two_annotators_have_a_kappa_and_three_a_mean_and_alpha() -> None:
    columns = [said(ANA), said(BEN), said(CEM)]
    two = raters.measure(answers(*columns[:2], tagged=said(MODEL)), ["en"] * 40)["topics"]["topic 0"]
    assert two["kappa"] == 0.5667 and two["interval"][0] < 0.5667 < two["interval"][1] and "alpha" not in two
    three = raters.measure(answers(*columns, tagged=said(MODEL)), ["en"] * 40)["topics"]["topic 0"]
    assert [pair["kappa"] for pair in three["pairs"]] == [0.5667, 0.3974, 0.457]
    assert (three["kappa"], three["alpha"]) == (0.4737, 0.4703)
    assert three["alpha_interval"][0] < 0.4703 < three["alpha_interval"][1]


def test_why_there_is_no_kappa_is_told() -> None:
    pairs = (("1.0", "11."), ("111", "111"), ("000", "000"), ("1..", ".0."))
    told = [
        raters.measure(answers(said(one), said(other), tagged=said("111")), ["en"] * 3)["overall"]
        for one, other in pairs
    ]
    assert [found.get("why") for found in told] == [
        "both always said yes: chance alone would agree as much",
        "both always said yes: chance alone would agree as much",
        "both always said no: chance alone would agree as much",
        "nothing that both answered",
    ]
    assert [found["kappa"] for found in told] == [None] * 4


def test_the_majority_counts_and_ties_are_left_out() -> None:
    found = raters.measure(answers(said("1110"), said("1.01"), said("10.."), tagged=said("1111")), ["en"] * 4)
    against = found["overall"]["against_tags"]
    assert (against["n"], against["ties"], against["precision"], against["not_judged"]) == (1, 3, 1.0, 0)


def test_what_no_model_judged_is_left_out_and_counted() -> None:
    found = raters.measure(answers(said("1100"), tagged=said("1..0")), ["en", "en", "ckb", "ckb"])
    assert found["overall"]["against_tags"]["not_judged"] == 2
    assert {code: row["against_tags"]["n"] for code, row in found["languages"].items()} == {"ckb": 1, "en": 1}


def test_weights_of_strata_are_those_of_scikit_learn() -> None:
    """Every fourth post stands for half a one, the others for three each."""
    stratum = "".join("1" if n % 4 else "0" for n in range(40))
    found = raters.measure(
        answers(said(ANA), tagged=said(MODEL), stratum=stratum, sizes=(5, 90), beyond=5), ["en"] * 40
    )
    weighted = found["topics"]["topic 0"]["against_tags"]["weighted"]
    assert [weighted[name] for name in ("precision", "recall", "f1", "kappa")] == [0.6479, 0.7077, 0.6765, 0.4967]
    assert (weighted["posts"], weighted["covers"]) == (100, 0.95)
    low, high = weighted["intervals"]["f1"]
    assert low < 0.6765 < high
    assert found["overall"]["against_tags"]["weighted"]["f1"] == 0.6765


@given(st.lists(st.tuples(st.sampled_from("01."), st.sampled_from("01."), st.sampled_from("01.")), max_size=12))
def test_nothing_is_too_small_or_too_alike_to_be_measured(rows: list[tuple[str, str, str]]) -> None:
    one, other, model = ("".join(column) for column in zip(*rows, strict=True)) if rows else ("", "", "")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = raters.measure(answers(said(one), said(other), tagged=said(model)), ["en"] * len(rows))
    for value in (found["overall"]["kappa"], found["overall"]["against_tags"]["f1"]):
        assert value is None or -1 <= value <= 1


def test_the_same_labels_give_the_same_intervals() -> None:
    one, again = (raters.measure(answers(said(ANA), said(BEN), tagged=said(MODEL)), ["en"] * 40) for _ in "12")
    assert one == again
