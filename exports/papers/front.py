"""The front matter of the dataset card: what the Hugging Face hub and `datasets.load_dataset` read."""

from typing import Any

from core.version import SOFTWARE
from exports.papers.about import About
from exports.papers.markup import yaml
from exports.tables import Field

_TYPES = {"string": "string", "integer": "int64", "number": "float64", "boolean": "bool"}
_TIME = "timestamp[us, tz=UTC]"
_SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
_NAMES = ("1K", "10K", "100K", "1M", "10M", "100M")
_LICENCES = {"odbl-1.0": "odbl", "pddl-1.0": "pddl", "odc-by-1.0": "odc-by"}  # the hub's own names
_KNOWN = {
    *_LICENCES.values(), "apache-2.0", "mit", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0",
    "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0",
    "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0",
    "cdla-permissive-1.0", "cdla-permissive-2.0", "cdla-sharing-1.0", "etalab-2.0", "unlicense", "wtfpl",
}  # fmt: skip


def front(about: About) -> str:
    fields = {
        "pretty_name": about.title,
        **_licence(about),
        "language": _languages(about),
        "tags": [SOFTWARE, *about.citation.keywords],
        "size_categories": [_size(about)],
        "configs": [_config(about, name) for name in about.filled],
        "dataset_info": [_info(about, name) for name in about.filled],
    }
    return "---\n" + yaml({key: value for key, value in fields.items() if value}) + "---"


def _licence(about: About) -> dict[str, str]:
    given = (about.citation.licence or "").lower()
    name = _LICENCES.get(given, given)
    if name in _KNOWN:
        return {"license": name}
    if not given:
        return {"license": "other", "license_name": "not-named", "license_link": "README.md"}
    return {
        "license": "other", "license_name": given,
        "license_link": f"https://spdx.org/licenses/{about.citation.licence}.html",
    }  # fmt: skip


def _languages(about: About) -> list[str]:
    return sorted(code for code in about.counts["languages"] if _is_code(code))


def _is_code(code: str) -> bool:
    """What the hub takes: ISO 639; posts that say nothing of their language, or more than that, are left out."""
    return code.isascii() and code.isalpha() and code.islower() and len(code) in (2, 3)


def _size(about: About) -> str:
    """Of the table that is loaded where none is named."""
    count = about.rows(about.filled[0]) if about.filled else 0
    for number, size in enumerate(_SIZES):
        if count < size:
            return f"{_NAMES[number - 1]}<n<{_NAMES[number]}" if number else f"n<{_NAMES[0]}"
    return f"n>{_NAMES[-1]}"


def _config(about: About, name: str) -> dict[str, Any]:
    config: dict[str, Any] = {"config_name": name}
    if name == about.filled[0]:
        config["default"] = True
    config["data_files"] = about.file(name)
    if about.format == "csv":
        # Cells are read as texts and become what dataset_info says: guessed types lose the noughts before a number,
        # and a column that is null throughout is none that becomes a time. Null is an empty cell alone, not NA.
        read = [{"name": column, "dtype": "string"} for column, _, _ in about.columns(name)]
        config |= {"keep_default_na": False, "na_values": [""], "features": read}
    return config


def _info(about: About, name: str) -> dict[str, Any]:
    """The types of each column: where all of them are null, a reader could not guess them."""
    flat = about.format == "csv"
    columns = about.columns(name)
    return {"config_name": name, "features": [_feature(column, field, flat) for column, field, _ in columns]}


def _feature(name: str, field: Field, flat: bool) -> dict[str, Any]:
    if field.many and flat:
        return {"name": name, "dtype": "string"}  # JSON in a cell
    if field.type == "record":
        inside = [_feature(inner.name, inner, flat) for inner in field.fields]
        return {"name": name, "list" if field.many else "struct": inside}
    kind = _TIME if field.type == "datetime" else _TYPES[field.type]
    return {"name": name, "list" if field.many else "dtype": kind}
