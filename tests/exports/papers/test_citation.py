"""A release is cited by CITATION.cff, a line or BibTeX: the same authors, title and version in each."""

import re
from typing import Any

import pytest
import yaml

from exports import papers
from exports.papers import citation
from tests.exports.papers import made

PERSON = {"name": "Family", "given": "Given", "orcid": "0000-0002-1825-0097", "affiliation": "North"}
FULL = {
    "title": "Talks: {all} of 50 % & more",
    "authors": [{"name": "Office of Research & Records"}, PERSON],
    "licence": "CC-BY-4.0",
    "url": "https://example.org/kle",
    "contact": "kle@example.org",
    "keywords": ["reform", "no"],
    "doi": "10.5281/zenodo.1234567",
}


def cff(said: dict[str, Any] | None = None, **more: Any) -> Any:
    return yaml.safe_load(papers.written(made.about(citation=said, **more))["CITATION.cff"])


def test_what_the_format_asks_for_is_there_though_nobody_said_anything() -> None:
    said = cff()
    assert {"cff-version", "message", "title", "authors"} <= set(said)
    assert (said["cff-version"], said["type"]) == ("1.2.0", "dataset")
    assert said["authors"] == [{"name": "Operator of this kle-monitor archive"}]
    assert said["title"] == "Public posts on Key Leader Engagements: reform OR training"
    assert said["date-released"] == "2026-02-03", "the day of as_of, as a text"
    assert not {"license", "doi", "url", "keywords", "contact"} & set(said)


def test_all_that_is_configured_stands_in_it() -> None:
    said = cff(FULL)
    assert said["authors"] == [
        {"name": "Office of Research & Records"},
        {"family-names": "Family", "given-names": "Given", "orcid": "https://orcid.org/0000-0002-1825-0097",
         "affiliation": "North"},
    ]  # fmt: skip
    assert (said["license"], said["doi"], said["url"]) == ("CC-BY-4.0", FULL["doi"], FULL["url"])
    assert said["keywords"] == ["reform", "no"] and said["title"] == FULL["title"]
    assert said["contact"] == [{"name": "Contact", "email": "kle@example.org"}]


def test_a_version_is_another_one_as_soon_as_a_row_is() -> None:
    one = made.about()
    content = {**one.manifest["content"], "tags": {"rows": 2, "sha256": "00" * 32}}
    assert one.version.startswith(made.AS_OF) and one.version == made.about("csv").version
    assert made.about(content=content).version != one.version


def test_the_line_names_authors_year_title_version_and_place() -> None:
    about = made.about(citation=FULL)
    assert citation.text(about) == (
        "Office of Research & Records, & Family, Given. (2026). Talks: {all} of 50 % & more"
        f" (Version {about.version}) [Data set]. https://doi.org/10.5281/zenodo.1234567"
    )


def test_bibtex_has_balanced_braces_and_no_bare_sign() -> None:
    said = citation.bibtex(made.about(citation=FULL))
    bare = re.sub(r"\\[{}&%$#_]", "", said)
    assert bare.count("{") == bare.count("}") and not re.search(r"[&%$#]", bare)
    assert "author = {{Office of Research \\& Records} and {Family}, {Given}}" in said


@pytest.mark.parametrize("query", ['topic:reform "a: b" # c', "\u2028 end", "---", "ئاسایش OR 'x'", "a\\b {c}"])
def test_a_query_in_the_title_breaks_nothing(query: str) -> None:
    said = cff(query=query)
    assert said["title"] == f"Public posts on Key Leader Engagements: {query}"
    assert said["authors"] and query in said["abstract"]
