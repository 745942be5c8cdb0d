"""The command that builds a release again."""

import shlex
from collections.abc import Iterator

from exports.papers.about import About


def rebuild(about: About) -> str:
    return " \\\n  ".join(_parts(about))


def _parts(about: About) -> Iterator[str]:
    said = about.manifest
    yield f"kle export {shlex.quote(about.query)} --format {shlex.quote(about.format)} --out DIR"
    yield f"--as-of {about.as_of} --audience {said['audience']}"
    yield f"--tables {','.join(said['tables'])}"
    for name, columns in said["tables"].items():
        if columns:
            yield f"--columns {shlex.quote(','.join(f'{name}.{column}' for column in columns))}"
    options = said.get("csv") or {}
    yield from (f"--{name}" for name in ("bom", "raw") if options.get(name))
    if said.get("pseudonyms"):
        yield "--pseudonyms"
    if said.get("sample"):
        yield _sample(said["sample"])


def _sample(said: dict[str, object]) -> str:
    strata = said.get("strata") or ()
    by = f" --stratify {','.join(map(str, strata))}" if strata else ""  # type: ignore[call-overload]
    return f"--sample {said['size']}{by} --seed {said['seed']}"
