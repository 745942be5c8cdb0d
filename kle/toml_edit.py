"""Switch sources on in kle.toml and leave everything else in it as it is, comments and layout too."""

from collections.abc import Collection
from pathlib import Path

import tomlkit


def enable(file: Path, names: Collection[str]) -> None:
    """`enabled` and `verified` become true for the sources of these names."""
    document = tomlkit.parse(file.read_text("utf-8"))
    for source in document.get("source", []):
        if source.get("name") in names:
            source["enabled"] = True
            source["verified"] = True
    beside = file.with_name(f".{file.name}.new")
    beside.write_text(tomlkit.dumps(document), "utf-8")
    beside.replace(file)
