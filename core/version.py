"""Which program this is: what releases, anchors and the API name as their maker."""

from importlib import metadata

SOFTWARE = "kle-monitor"


def version() -> str:
    try:
        return metadata.version(SOFTWARE)
    except metadata.PackageNotFoundError:  # run from a checkout that nobody installed
        return "0"
