"""A release as one zip: always the same members in the same order, with no time of making."""

import zipfile
from pathlib import Path

_FIRST = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can name
_PACKED = {".parquet", ".zip"}  # compressed already
_LEVEL = 6


def pack(folder: Path, file: Path) -> None:
    """The files of `folder` into a new zip `file`, by name."""
    with zipfile.ZipFile(file, "w") as packed:
        for path in sorted(file for file in folder.iterdir() if not file.name.startswith(".")):
            member = zipfile.ZipInfo(path.name, _FIRST)
            member.create_system, member.external_attr = 3, 0o644 << 16
            member.compress_type = zipfile.ZIP_STORED if path.suffix in _PACKED else zipfile.ZIP_DEFLATED
            member._compresslevel = _LEVEL  # type: ignore[attr-defined]  # what open() has no argument for
            with path.open("rb") as source, packed.open(member, "w", force_zip64=True) as target:
                while block := source.read(1 << 20):
                    target.write(block)
