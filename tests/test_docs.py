"""What exists is documented, and what is documented exists."""

import inspect
import json
import re
import tomllib
from pathlib import Path

import pytest
import typer.main
from pydantic.fields import FieldInfo

from alerts import channel
from collector import kinds
from collector.target import Options
from core import plugins, post
from core.errors import QueryError
from core.settings import Settings
from core.tables import CitationConfig
from db import query
from kle.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text("utf-8")
SOURCES = (ROOT / "docs" / "adding-a-source.md").read_text("utf-8")
CHANNELS = (ROOT / "docs" / "adding-a-channel.md").read_text("utf-8")
FORMATS = (ROOT / "docs" / "adding-a-format.md").read_text("utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def settings_rows() -> list[str]:
    rows = []
    for name, field in Settings.model_fields.items():
        if name != "tables":
            default = f"`{field.default}`" if str(field.default) else "empty"
            rows.append(f"| `KLE_{name.upper()}` | {default} | {field.description} |")
    return rows


def test_every_setting_is_documented_as_it_is() -> None:
    assert re.findall(r"^\| `KLE_.*$", SETTINGS, re.M) == settings_rows()


@pytest.mark.parametrize("kind", kinds.names())
def test_every_kind_of_source_is_documented(kind: str) -> None:
    assert f"`{kind}`" in SETTINGS


@pytest.mark.parametrize("kind", channel.kinds())
def test_every_kind_of_channel_is_documented(kind: str) -> None:
    assert f"| `{kind}` |" in CHANNELS
    assert f"`{channel.module(kind).FIELD} = " in CHANNELS


@pytest.mark.parametrize("format_", plugins.names("exports.formats"))
def test_every_format_of_releases_is_documented(format_: str) -> None:
    assert f"| `{format_}` |" in FORMATS


def documented(kind: str) -> dict[str, str]:
    """The options in the kind's table with their defaults."""
    table = re.search(rf"^\| option of {kind} \|.*\n\|[ -|]*\n((?:\|.*\n)+)", SOURCES, re.M)
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in (table[1].splitlines() if table else [])]
    assert all(len(row) == 3 and len(row[2]) > 5 for row in rows), "each says what it means"
    return {row[0].strip("`"): row[1] for row in rows}


def default(field: FieldInfo) -> str:
    """As the tables write it: in TOML's words."""
    if field.is_required():
        return "needed"
    if str(field.default) == "":
        return "empty"
    number = isinstance(field.default, float)
    return f"`{field.default:g}`" if number else f"`{json.dumps(field.default)}`"


@pytest.mark.parametrize("kind", kinds.names())
def test_every_option_of_every_kind_is_documented_as_it_is(kind: str) -> None:
    fields = kinds.kind(kind).Target.model_fields
    own = {name: default(field) for name, field in fields.items() if name not in Options.model_fields}
    assert documented(f"`{kind}`") == own


def test_every_option_of_all_kinds_is_documented_as_it_is() -> None:
    assert documented("every kind") == {name: default(field) for name, field in Options.model_fields.items()}


def commands() -> list[str]:
    root = typer.main.get_command(app)
    found = []
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        found += [f"{name} {inner}" for inner in getattr(command, "commands", {})] or [name]
    return found


@pytest.mark.parametrize("command", commands())
def test_every_command_is_in_the_readme(command: str) -> None:
    group, _, inner = command.partition(" ")
    row = next((line for line in README.splitlines() if line.startswith(f"| `kle {group}")), "")
    assert row and (not inner or re.search(rf"\b{inner}\b", row)), command


def test_readme_names_no_command_that_is_not_there() -> None:
    known = {command.partition(" ")[0] for command in commands()}
    assert set(re.findall(r"`kle ([a-z]+)", README)) <= known


def test_readme_opens_with_a_sentence_the_command_and_a_picture() -> None:
    parts = [p for p in README.split("\n\n") if p]
    assert parts[0] == "# kle-monitor" and parts[1].startswith("kle-monitor ") and "make run" in parts[2]
    assert README.index("```\nmake run\n```") < README.index("docs/timeline.png") < README.index("make test")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_files_that_pages_name_are_there(page: Path) -> None:
    named = re.findall(
        r"`((?:core|db|collector|classifier|exports|api|kle|docker|docs|scripts|tests)/[\w./-]+)`",
        page.read_text("utf-8"),
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_filter_of_the_query_language_is_documented() -> None:
    page = (ROOT / "docs" / "searching.md").read_text("utf-8")
    assert [name for name in query.FILTERS if f"`{name}:" not in page and f"`{name}`" not in page] == []


def test_the_errors_in_the_page_on_searching_are_those_that_are_told() -> None:
    page = (ROOT / "docs" / "searching.md").read_text("utf-8")
    rows = re.findall(r"^\| `(.+)` \| (\d+) \| (.+) \|$", page, re.M)
    assert len(rows) > 5
    for q, position, says in rows:
        if not q.startswith(("topic:", "since:")):  # those ask the archive
            with pytest.raises(QueryError) as told:
                query.PostQuery.build(q)
            assert (str(told.value.position), says in told.value.message) == (position, True)


@pytest.mark.parametrize("page", ["docs/releases.md", "kle/sample/starter.toml"])
def test_how_releases_are_cited_is_shown_in_full_and_loads(page: str) -> None:
    text = (ROOT / page).read_text("utf-8").partition("[release]\n")[2].partition("```")[0]
    said = tomllib.loads("\n".join(line.removeprefix("# ") for line in text.splitlines()))
    assert set(said) == set(CitationConfig.model_fields)
    assert CitationConfig.model_validate(said).authors[1].is_person
    assert "| `[release]` |" in SETTINGS


def test_the_lines_to_import_are_read_to_the_last_field() -> None:
    section = SOURCES.partition("### A post in the form of the API")[2].partition("\n### ")[0]
    whole, least = (json.loads(line) for line in re.findall(r"```json\n(.*)\n```", section))
    read = post.to_json(post.from_json(whole))
    assert {name: value for name, value in read.items() if name in whole and name != "metrics"} == {
        name: value for name, value in whole.items() if name in read and name != "metrics"
    }
    assert read["metrics"].items() <= whole["metrics"].items()
    known = set(re.findall(r'(?:record, |record\.get\()"(\w+)"', inspect.getsource(post)))
    assert set(whole) == known - {"rights"}, "what is read of a record stands in the line"
    assert post.from_json(least).precision == "day" and set(least) < set(whole)
