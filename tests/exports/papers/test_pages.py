"""Codebook, cards of the models, and how posts of X are looked up."""

import csv
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from exports import papers
from exports.papers import recipes
from tests.exports.papers import made
from tests.exports.papers.made import FORMATS


def paper(name: str, about: papers.About) -> str:
    return papers.written(about)[name].decode()


def run(line: str, folder: Path) -> None:
    """With this Python, which has pyarrow."""
    subprocess.run(["bash", "-c", line.replace("python3", sys.executable, 1)], cwd=folder, check=True)


@pytest.mark.parametrize("format_", FORMATS)
def test_codebook_explains_every_column_and_what_is_in_it(format_: str) -> None:
    told = made.about(format_)
    book = paper("codebook.md", told)
    for name in told.tables:
        part = book.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert [column for column, _, _ in told.columns(name) if f"| `{column}` |" not in part] == []
    deep = {"csv": "| `tags[].evidence.start` | integer |", "jsonl": "| `metrics.likes` | integer |"}
    assert deep.get(format_, "| `topics.reform.probability` | number |") in book


def test_codebook_says_what_a_column_may_hold() -> None:
    book = paper("codebook.md", made.about())
    assert "(`tagged`, `unsure`, `not`)" in book and "(from 0 to 1)" in book and "(from 1)" in book
    assert "Rows are told apart by `id`, `number`." in book


def test_codebook_defines_the_topics_in_the_operator_s_words() -> None:
    book = paper("codebook.md", made.about())
    assert r"| `reform` | Reform | Institutional reform \| of \`security\` forces and \*more\*. |" in book


def test_models_tell_figures_languages_thresholds_and_limits() -> None:
    page = paper("models.md", made.about())
    assert f"## `{made.MODEL}`" in page and "a small model (nobody, MIT)" in page
    assert "Central Kurdish (Sorani) 30, English 60. All of them were written for that" in page
    assert (
        "| `reform` | 0.438 |" in page
        and "| macro F1 (each topic counts the same) | 0.800 (0.700 to 0.900) |" in page
    )
    assert "| micro F1 (each tag counts the same) | 0.810 |" in page
    assert "| `reform` | 0.900 | 0.700 | 0.790 | 0.900 | 0.020 | 11 |" in page
    assert "| `drones` | 0.500 (0.300 to 0.700) |" in page
    assert "- Real posts \\| differ." in page


def test_a_model_of_which_nothing_is_known_says_so() -> None:
    told = made.about()
    bare = papers.About(told.manifest, told.tables, told.topics, [{"digest": "00", "card": {}}], told.citation)
    assert "Nothing is known of how good it is" in paper("models.md", bare)
    assert "Nothing was measured of it." in paper("README.md", bare)
    none = papers.About(told.manifest, told.tables, told.topics, [], told.citation)
    assert "No model judged" in paper("models.md", none)


def test_the_shipped_model_s_card_is_told_whole() -> None:
    from classifier.model import SHIPPED, read_card

    told = made.about()
    cards = [{"digest": made.MODEL, "card": read_card(SHIPPED)}]
    page = paper("models.md", papers.About(told.manifest, told.tables, told.topics, cards, told.citation))
    assert "multilingual-e5-small" in page and "Northern Kurdish (Kurmanji)" in page
    assert len(re.findall(r"^\| `\w+` \|", page, re.M)) == 10, "a row a topic"


@pytest.mark.parametrize("format_", FORMATS)
def test_one_line_makes_the_list_of_ids_that_twarc_takes(tmp_path: Path, format_: str) -> None:
    told = made.released(format_, tmp_path)
    page = (tmp_path / "rehydrate.md").read_text("utf-8")
    line = recipes.ids_of_x(told)
    assert line and f"```sh\n{line}\n```" in page and "twarc2 hydrate ids.txt" in page and "kle import" in page
    run(line, tmp_path)
    assert (tmp_path / "ids.txt").read_text() == f"{made.X_ID}\n", "those alone that X knows, once"


def test_ids_come_from_whatever_table_was_chosen(tmp_path: Path) -> None:
    told = made.about("csv")
    tags = papers.About(told.manifest, {"tags": told.tables["tags"]}, told.topics, told.cards, told.citation)
    assert "tags.csv" in str(recipes.ids_of_x(tags))
    runs = papers.About(told.manifest, {"runs": told.tables["runs"]}, told.topics, told.cards, told.citation)
    assert recipes.ids_of_x(runs) is None
    assert "build it with `id`" in paper("rehydrate.md", runs)


def test_a_post_of_x_without_its_number_is_not_asked_for(tmp_path: Path) -> None:
    made.released("csv", tmp_path)
    file = tmp_path / "posts.csv"
    file.write_text(file.read_text("utf-8").replace(f"x:{made.X_ID}", "x:~0123456789abcdef"), "utf-8")
    with file.open(encoding="utf-8", newline="") as rows:
        assert any(row["id"].startswith("x:~") for row in csv.DictReader(rows))
    run(str(recipes.ids_of_x(made.about("csv"))), tmp_path)
    assert (tmp_path / "ids.txt").read_text().strip() == ""


def test_how_many_are_without_text_is_told() -> None:
    assert "\n1 posts of X are" in paper("rehydrate.md", made.about())


def test_the_order_in_which_a_database_hands_out_a_card_does_not_matter() -> None:
    told = made.about()
    turned = [{"digest": made.MODEL, "card": reversed_(made.CARD)}]
    other = papers.About(told.manifest, told.tables, told.topics, turned, told.citation)
    assert papers.written(other) == papers.written(told)


def reversed_(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reversed_(item) for key, item in reversed(value.items())}
    return value
