"""README.md says what is true of its release, and every line of code in it runs."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from exports import papers
from exports.batch import Options
from exports.papers import recipes
from tests.exports.papers import made
from tests.exports.papers.made import FORMATS

HOSTILE = "`topic:reform` | <script>alert(1)</script>\n# no [head](javascript:x) \u202e ```"


def readme(format_: str = "jsonl", citation: dict[str, Any] | None = None, **more: Any) -> str:
    return papers.written(made.about(format_, citation, **more))["README.md"].decode()


def front(page: str) -> Any:
    return yaml.safe_load(page.split("---\n")[1])


def parsed(page: str) -> list[Token]:
    return MarkdownIt("gfm-like", {"linkify": False}).parse(page.split("---\n", 2)[2])


def section(page: str, head: str) -> str:
    return page.partition(f"\n## {head}\n")[2].partition("\n## ")[0]


def ran(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False,
        env={"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(folder.parent / "cache")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("format_", FORMATS)
def test_the_same_release_has_the_same_papers(format_: str) -> None:
    assert papers.written(made.about(format_)) == papers.written(made.about(format_))


@pytest.mark.parametrize("format_", FORMATS)
def test_papers_are_written_under_their_names(tmp_path: Path, format_: str) -> None:
    about = made.about(format_)
    names = papers.write(about, tmp_path)
    assert names == ["README.md", "datapackage.json", "CITATION.cff", "codebook.md", "models.md", "rehydrate.md"]
    assert {name: (tmp_path / name).read_bytes() for name in names} == papers.written(about)


@pytest.mark.parametrize("format_", FORMATS)
def test_every_line_of_python_in_it_runs(tmp_path: Path, format_: str) -> None:
    folder = tmp_path / "release"
    made.released(format_, folder)
    blocks = re.findall(r"```python\n(.*?)\n```", (folder / "README.md").read_text("utf-8"), re.S)
    assert len(blocks) == (4 if format_ == "csv" else 5), "pandas, polars, datasets, files, content"
    for block in blocks:
        ran(block.replace('"DIR"', repr(str(folder))) + "\nimport sys; sys.exit()", folder)


@pytest.mark.parametrize("format_", FORMATS)
def test_pandas_and_polars_read_all_rows_and_times_as_times(tmp_path: Path, format_: str) -> None:
    folder = tmp_path / "release"
    lines = {tool: code for tool, (_, code) in recipes.reading(made.released(format_, folder)).items()}
    shown = "\nprint(len(posts), posts['created_at'].dtype, list(posts['text'])[1])"
    count, rest = ran(lines["pandas"] + shown, folder).strip().split(" ", 1)
    assert (count, rest.startswith("datetime64"), rest.endswith("NA")) == ("4", True, True)
    count, rest = ran(lines["polars"] + shown, folder).strip().split(" ", 1)
    assert (count, rest.endswith("NA")) == ("4", True) and (rest.startswith("Datetime") or format_ == "jsonl")


def test_the_mark_of_excel_is_in_nobody_s_way(tmp_path: Path) -> None:
    told = made.about("csv")
    made.tables_of(told, tmp_path, Options(bom=True))
    lines = recipes.reading(told)
    assert (tmp_path / "posts.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    for tool in ("pandas", "polars"):
        assert ran(f"{lines[tool][1]}\nprint(list(posts.columns)[0])", tmp_path).strip() == "id"
    query = lines["DuckDB"][1].replace("*", "id").rstrip(";")
    assert ran(f'import duckdb; print(len(duckdb.sql("""{query}""").fetchall()))', tmp_path).strip() == "4"


@pytest.mark.parametrize("format_", FORMATS)
def test_duckdb_reads_all_rows(tmp_path: Path, format_: str) -> None:
    folder = tmp_path / "release"
    _, query = recipes.reading(made.released(format_, folder))["DuckDB"]
    count = query.replace("*", "count(*), min(text)").replace(" LIMIT 10;", "")
    assert ran(f'import duckdb; print(duckdb.sql("""{count}""").fetchall()[0][0])', folder).strip() == "4"


@pytest.mark.parametrize("format_", [name for name in FORMATS if name != "csv"])
def test_the_recipe_computes_the_digest_of_what_the_table_says(tmp_path: Path, format_: str) -> None:
    recipe = recipes.content(made.released(format_, tmp_path))
    assert recipe and len(recipe.splitlines()) <= 12
    assert ran(recipe, tmp_path).strip() == "True"
    manifest = json.loads((tmp_path / "manifest.json").read_bytes())
    manifest["content"]["posts"]["sha256"] = hashlib.sha256().hexdigest()
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    assert ran(recipe, tmp_path).strip() == "False"


def test_the_recipe_finds_the_file_that_changed(tmp_path: Path) -> None:
    made.released("csv", tmp_path)
    assert ran(recipes.FILES, tmp_path) == ""
    (tmp_path / "tags.csv").write_text("id\n", "utf-8")
    assert ran(recipes.FILES, tmp_path) == "tags.csv is not what was released\n"


def test_front_matter_says_what_the_hub_asks_for() -> None:
    said = front(readme(citation={"licence": "CC-BY-4.0", "keywords": ["reform"]}))
    assert (said["license"], said["language"], said["size_categories"]) == ("cc-by-4.0", ["en"], ["n<1K"])
    assert said["tags"] == ["kle-monitor", "reform"]
    assert [config["config_name"] for config in said["configs"] if config.get("default")] == ["posts"]
    assert [config["config_name"] for config in said["configs"]] == [
        "posts",
        "tags",
        "versions",
        "sightings",
        "runs",
    ]
    assert said["configs"][0]["data_files"] == "posts.jsonl"


@pytest.mark.parametrize(
    ("licence", "said"),
    [
        (None, ("other", "not-named")), ("ODbL-1.0", ("odbl", None)), ("CC0-1.0", ("cc0-1.0", None)),
        ("OGL-UK-3.0", ("other", "ogl-uk-3.0")),
    ],
)  # fmt: skip
def test_a_licence_goes_by_the_hub_s_name_for_it(licence: str | None, said: tuple[str, str | None]) -> None:
    matter = front(readme(citation={"licence": licence} if licence else {}))
    assert (matter["license"], matter.get("license_name")) == said


@pytest.mark.parametrize(
    ("posts", "size"),
    [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (1_000_000, "1M<n<10M"), (100_000_000, "n>100M")],
)
def test_size_is_that_of_the_posts(posts: int, size: str) -> None:
    content = made.about().manifest["content"]
    content = {**content, "posts": {**content["posts"], "rows": posts}}
    assert front(readme(content=content))["size_categories"] == [size]


def test_what_was_withheld_is_told_by_policy_with_how_many_and_why() -> None:
    page = section(readme(), "What was withheld")
    assert "| x | `ids` | 1 | `text`, `media.alt` | X's developer terms let" in page and "rehydrate.md" in page
    assert "Nothing." in section(readme(withheld=[]), "What was withheld")
    assert "rehydrate.md" not in papers.written(made.about(withheld=[]))


def test_the_operator_s_own_copy_says_first_that_it_is_not_to_be_passed_on() -> None:
    own = readme(audience="internal", withheld=[])
    assert own.split("\n\n")[2].startswith("**For the operator's own use.**")
    assert "own use" not in readme()


def test_sample_data_is_told_where_there_is_some() -> None:
    assert "1 of the posts" in section(readme(), "Sample data")
    assert "## Sample data" not in readme(counts={**made.COUNTS, "synthetic": 0})


def test_pseudonyms_are_said_to_be_no_anonymity() -> None:
    page = section(readme(pseudonyms={"key": "0badcafe", "accounts": 12}), "Pseudonyms")
    assert "12" in page and "`0badcafe`" in page and "**They are no anonymity**" in page
    assert "## Pseudonyms" not in readme()


def test_models_are_named_with_what_they_are_worth() -> None:
    page = section(readme(), "Tags and their limits")
    assert f"`{made.MODEL}`" in page and "macro F1 0.800" in page and "5.0%" in page
    assert "Central Kurdish (Sorani), English." in page and "Real posts \\| differ." in page


def test_coverage_says_whether_silence_can_be_told() -> None:
    assert "`runs.jsonl`" in section(readme(), "Coverage")
    whole = made.about()
    without = papers.About(
        whole.manifest, {"posts": whole.tables["posts"]}, whole.topics, whole.cards, whole.citation
    )
    assert "not chosen" in section(papers.written(without)["README.md"].decode(), "Coverage")


def test_cells_that_were_made_harmless_are_counted() -> None:
    assert "3 cells" in section(readme("csv"), "Files")
    raw = section(readme("csv", csv={"bom": True, "raw": True, "defused": 0}), "Files")
    assert "do not open this file in one" in raw and "byte order mark" in raw
    assert "spreadsheet" not in section(readme("parquet"), "Files")


@pytest.mark.parametrize("format_", FORMATS)
def test_words_of_others_stay_words(format_: str) -> None:
    about = made.about(format_, {"title": HOSTILE.replace("\n", " ")}, query=HOSTILE, withheld=[
        {**made.WITHHELD[0], "platform": HOSTILE, "why": HOSTILE}])  # fmt: skip
    page = papers.written(about)["README.md"].decode()
    assert front(page)["pretty_name"] == HOSTILE.replace("\n", " ")
    tokens = parsed(page)
    inside = [*tokens, *(child for token in tokens for child in token.children or ())]
    assert not {token.type for token in inside} & {"html_block", "html_inline", "link_open", "image"}
    heads = [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open"]
    assert not [head for head in heads if head.startswith("no ")]
    cells = [sum(token.type == "td_open" for token in parsed(said)) for said in (page, readme(format_))]
    assert cells[0] == cells[1]
    assert "\u202e" not in page


def test_the_operator_is_told_where_questions_go() -> None:
    page = section(readme(citation={"contact": "kle@example.org"}), "Responsible use")
    assert "kle@example.org" in page


@pytest.mark.parametrize("query", ["it's \u202e a\\b", "two\nlines", "plain 'quoted'", HOSTILE, "ئاسایش"])
def test_the_command_hands_a_shell_the_query_to_the_letter(query: str) -> None:
    block = re.search(r"(`{3,})sh\n(kle export .*?)\n\1", readme(query=query), re.S)
    assert block
    echo = block[2].replace("kle export", "printf '%s\\0'", 1)
    words = subprocess.run(["bash", "-c", echo], capture_output=True, check=True).stdout.decode().split("\0")
    assert words[:5] == [query, "--format", "jsonl", "--out", "DIR"]
    assert words[words.index("--as-of") + 1] == made.AS_OF


def test_the_command_to_rebuild_takes_no_query_for_an_option() -> None:
    assert "kle export --format jsonl" in (told := readme(query="-training")) and "-- -training" in told


def test_ids_of_digits_stay_texts_in_r_and_excel() -> None:
    page = readme("csv")
    assert 'guess_max = Inf, col_types = list(platform_id = "c"))' in page
    assert "Excel and R take ids of X in `platform_id` for numbers" in page
    book = papers.written(made.about("csv"))["codebook.md"].decode()
    assert "its id there: a text, also where it is all digits" in book
