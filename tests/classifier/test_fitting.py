import numpy as np
import pytest

from classifier.fitting import RECIPES, Examples, Recipe, choose, fit, relevance
from classifier.passages import Passages
from classifier.windows import Piece, Reading, Tokens

NAN = np.nan


def examples(n: int = 240, seed: int = 2) -> Examples:
    """Two topics along two of six directions; a third of the vectors belong to neither."""
    random = np.random.default_rng(seed)
    topic = random.integers(0, 3, n)
    labels = np.column_stack([topic == 0, topic == 1]).astype(float)
    vectors = random.normal(0, 0.3, (n, 6)) + 5
    vectors[:, :2] += labels
    return Examples(vectors, labels)


def passages(given: Examples) -> Passages:
    """Each example as a text of one window and one sentence."""
    n = len(given.vectors)
    piece, rows = Piece(0, 1, 0, 1), np.arange(n)
    readings = [Reading(Tokens([1], [(0, 1)]), [piece], [piece])] * n
    vectors = given.vectors.astype(np.float32)
    return Passages(readings, vectors, rows, [piece] * n, vectors, rows)


def test_heads_tell_the_topics_apart_and_the_rest_from_both():
    given = examples()
    found = fit(given, Recipe(0.1, 1.0)).log_odds(given.vectors)
    assert found.shape == given.labels.shape
    assert ((found > 0) == (given.labels == 1)).mean() > 0.95


def test_a_shift_of_all_vectors_changes_nothing():
    given = examples()
    moved = Examples(given.vectors + 3, given.labels)
    recipe = Recipe(0.1, 1.0)
    before, after = fit(given, recipe).log_odds(given.vectors), fit(moved, recipe).log_odds(moved.vectors)
    assert before == pytest.approx(after, abs=1e-6)


def test_relevance_is_known_where_some_topic_holds_or_all_are_denied():
    labels = np.array([[1, 0], [0, 0], [NAN, 1], [NAN, 0], [NAN, NAN]])
    assert relevance(labels) == pytest.approx([1, 0, 1, NAN, NAN], nan_ok=True)


def test_a_row_with_an_unknown_label_does_not_move_that_topic():
    given = examples()
    odd = Examples(given.vectors[:1] + 9, np.array([[1.0, NAN]]))
    recipe = Recipe(0.1, 1.0)
    with_it = fit(given + odd, recipe).weights
    plain = fit(given, recipe).weights
    assert np.abs(with_it[0] - plain[0]).max() > 1e-3
    relation = with_it[1] @ plain[1] / np.linalg.norm(with_it[1]) / np.linalg.norm(plain[1])
    assert relation == pytest.approx(1, abs=0.02)  # only through the common centre


def test_the_chosen_recipe_ranks_held_out_posts_best_of_all_compared():
    given, held_out, seen = examples(), examples(90, seed=8), []
    found = choose(given, passages(held_out), held_out.labels, RECIPES[:3], lambda n, of: seen.append((n, of)))
    assert [recipe for recipe, _ in found.compared] == list(RECIPES[:3])
    assert dict(found.compared)[found.recipe] == max(score for _, score in found.compared)
    assert found.odds == pytest.approx(fit(given, found.recipe).log_odds(held_out.vectors), abs=1e-5)
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_of_two_equal_recipes_the_more_cautious_is_taken():
    given = examples()
    same = (Recipe(0.4, 1.0), Recipe(0.4, 1.0))
    assert choose(given, passages(given), given.labels, same, lambda n, of: None).recipe is same[0]
