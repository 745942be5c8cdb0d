"""Settings -> database -> configuration as rows -> model: every command starts here, there is no second way."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core import settings as knobs
from core import times
from core.errors import ModelError, SettingsError
from core.settings import Settings
from db import directory
from db.database import Database, open_database
from kle import logs

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")

if TYPE_CHECKING:
    from classifier.model import Model


@contextmanager
def archive(settings: Settings | None = None, *, sync: bool = False) -> Iterator[tuple[Settings, Database]]:
    """The settings and their open archive.

    With `sync`, what kle.toml says becomes rows, and sources that it does not name are switched off. A command
    that only reads leaves the rows alone, so that it may run beside a `kle demo` of another configuration.
    """
    settings = settings or knobs.load()
    logs.configure(settings.log_level)
    if sync:
        _check_sources(settings)
    database = open_database(settings)
    try:
        _fill(settings, database, everything=sync)
        yield settings, database
    finally:
        database.close()


def _check_sources(settings: Settings) -> None:
    """What a source's kind cannot take stops the start; a disabled one may wait for a version that reads it."""
    from collector import kinds

    for source in settings.sources:
        if source.enabled and source.kind not in kinds.names():
            where = f"{settings.config}: [[source]] {source.name}, kind"
            raise SettingsError(where, source.kind, f"is no kind of source; there are {', '.join(kinds.names())}")
        if source.enabled:
            kinds.target(source.name, source.kind, source.options)


def _fill(settings: Settings, database: Database, *, everything: bool) -> None:
    from classifier import taxonomy

    if not everything:
        with database.read() as session:
            if directory.topics(session):
                return
    topics = [(topic.slug, topic.name, topic.definition) for topic in taxonomy.topics()]
    with database.write() as session:
        directory.sync(session, settings, topics, times.now())


def config_is_there() -> bool:
    """Whether a kle.toml speaks; without one the archive keeps the sources that it has."""
    return Path(os.environ.get("KLE_CONFIG") or "kle.toml").is_file()


def model(settings: Settings) -> "Model | None":
    """The classifier, or None where tagging is off. Raises SettingsError for another that cannot be used."""
    if not settings.tagging:
        return None
    from classifier.model import SHIPPED, Model

    if not settings.model:
        return Model.load(SHIPPED, settings.threads)
    try:
        return Model.load(_model_folder(settings.model), settings.threads)
    except ModelError as error:
        raise SettingsError("KLE_MODEL", settings.model, error.message) from error


def _model_folder(name: str) -> Path:
    """A folder of this machine, or one fetched from the model hub by its name there (owner/model)."""
    if Path(name).is_dir():
        return Path(name)
    wrong = "no such folder; leave it empty for the shipped model, none for no tagging"
    if not _HUB_NAME.fullmatch(name):
        raise ModelError(wrong)
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name))
    except Exception as error:  # the hub's client has no common error of its own
        raise ModelError(f"{wrong}. The model hub has none either: {str(error).splitlines()[0]}") from error
