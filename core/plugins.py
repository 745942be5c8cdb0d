"""The one extension mechanism: a module in a package's folder is a plugin, known by its file's name."""

import importlib
import pkgutil
from functools import cache
from types import ModuleType


@cache
def load(package: str) -> dict[str, ModuleType]:
    """Import every public module of `package`; {"feed": <module collector.platforms.feed>, ...}."""
    home = importlib.import_module(package)
    names = sorted(m.name for m in pkgutil.iter_modules(home.__path__) if not m.name.startswith("_"))
    return {name: importlib.import_module(f"{package}.{name}") for name in names}
