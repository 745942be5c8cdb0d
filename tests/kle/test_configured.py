"""What the audit chain is told of a configuration: names and digests, whatever is a secret left out."""

from pathlib import Path

from core.settings import Settings
from kle import configured


def settings(**more: object) -> Settings:
    return Settings(**more)  # type: ignore[arg-type]


def row(**options: object) -> dict[str, list[dict[str, object]]]:
    return {"source": [{"name": "a", "kind": "feed", "every": "15m", "url": "https://a.example", **options}]}


def test_a_change_is_told_by_its_name() -> None:
    before, now = (
        configured.parts(settings(tables=row())),
        configured.parts(settings(tables=row(every="1h"), port=1)),
    )
    changed = [name for name in now if now[name] != before[name]]
    assert changed == ["settings/port", "source/a"]


def test_a_secret_changes_no_digest() -> None:
    one = configured.parts(settings(database_url="postgresql://me:secret@host/db", tables=row(api_key="x")))
    other = configured.parts(settings(database_url="postgresql://me:other@host/db", tables=row(api_key="y")))
    assert one == other


def test_where_the_file_lies_does_not_matter() -> None:
    assert configured.parts(settings(config=Path("a.toml"))) == configured.parts(settings(config=Path("b.toml")))


def test_how_releases_are_cited_is_told_too() -> None:
    one, other, none = (
        configured.parts(settings(tables={"release": [row]} if row else {}))
        for row in ({"title": "One"}, {"title": "Other"}, None)
    )
    assert [name for name in one if one[name] != other[name]] == ["release"] == [*(one.keys() - none.keys())]
