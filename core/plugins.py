"""The one extension mechanism: a module in a package's folder is a plugin, known by its file's name."""

import importlib
import pkgutil
from functools import cache
from types import ModuleType


@cache
def names(package: str) -> list[str]:
    """The plugins of `package`, sorted; none of them is imported."""
    home = importlib.import_module(package)
    return sorted(m.name for m in pkgutil.iter_modules(home.__path__) if not m.name.startswith("_"))


def one(package: str, name: str) -> ModuleType | None:
    """This plugin alone, None where there is none: readers of news pages are heavy, and an import needs none."""
    return importlib.import_module(f"{package}.{name}") if name in names(package) else None


def load(package: str) -> dict[str, ModuleType]:
    """Every plugin: {"feed": <module collector.platforms.feed>, ...}."""
    return {name: importlib.import_module(f"{package}.{name}") for name in names(package)}
