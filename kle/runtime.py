"""Settings -> database -> configuration as rows -> model: every command starts here, there is no second way."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from core import settings as knobs
from core import times
from core.errors import ModelError, SettingsError
from core.settings import Settings
from db import directory
from db.database import Database, open_database
from kle import configured, logs

log = structlog.get_logger("kle.runtime")
_NOT_FETCHED = ["*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.h5", "*.msgpack", "*.ot", "*.tflite", "*.py"]
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")

if TYPE_CHECKING:
    from alerts.desk import Desk
    from classifier.model import Classifier
    from classifier.words import Words


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
        _check_topics(settings)
    database = open_database(settings)
    try:
        _fill(settings, database, everything=sync)
        if sync:
            configured.note(settings, database)
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


def _check_topics(settings: Settings) -> None:
    from classifier import taxonomy

    _refuse_taken(settings, [topic.slug for topic in taxonomy.topics()])


def _refuse_taken(settings: Settings, taken: Sequence[str]) -> None:
    for topic in settings.topics:
        if topic.slug in taken:
            where = f"{settings.config}: [[topic]] slug"
            raise SettingsError(where, topic.slug, f"is the model's own; take none of {', '.join(taken)}")


def _fill(settings: Settings, database: Database, *, everything: bool) -> None:
    if not everything:
        with database.read() as session:
            if directory.topics(session):
                return
    with database.write() as session:
        directory.sync(session, settings, _topics(settings), times.now())


def declare(settings: Settings, database: Database, desk: "Desk") -> None:
    """[[alert]] becomes rows: by who tells of alerts, and where a kle.toml speaks. Raises SettingsError."""
    if not config_is_there():
        return
    from alerts import declared
    from db import alerts

    with database.read() as session:
        if not settings.alerts and not any(row.declared for row in alerts.all_of(session)):
            return
    with database.write() as session:
        declared.sync(session, settings.alerts, desk, str(settings.config), times.now())


def _topics(settings: Settings) -> list[directory.TopicRow]:
    """The shipped ones, then those of one's own."""
    from classifier import taxonomy

    shipped = [(topic.slug, topic.name, topic.definition) for topic in taxonomy.topics()]
    return shipped + [(topic.slug, topic.name, topic.definition) for topic in settings.topics]


def config_is_there() -> bool:
    """Whether a kle.toml speaks; without one the archive keeps the sources that it has."""
    return Path(os.environ.get("KLE_CONFIG") or "kle.toml").is_file()


def model(settings: Settings, database: Database | None = None) -> "Classifier | None":
    """The classifier with the topics of one's own, or None where tagging is off.

    Own topics that are new or changed are fitted now. Who tags with it gives the `database`, which then knows them
    and what they are worth. Raises SettingsError for a model that cannot be used.
    """
    if not settings.tagging:
        return None
    from classifier.own.beside import beside

    base = _base(settings)
    _refuse_taken(settings, base.topics)
    found = beside(base, settings.topics, settings.data_dir, settings.threads)
    if database:
        _tell(settings, database, found.card.get("own_topics", {}))
    return found


def _base(settings: Settings) -> "Classifier":
    from classifier.model import SHIPPED, Model

    if not settings.model:
        return Model.load(SHIPPED, settings.threads)
    try:
        folder = _model_folder(settings.model)
        return _foreign(settings, folder) or Model.load(folder, settings.threads)
    except ModelError as error:
        raise SettingsError("KLE_MODEL", settings.model, error.message) from error


def _foreign(settings: Settings, folder: Path) -> "Classifier | None":
    """The model in `folder` if it is of another maker: no heads of ours beside it."""
    from classifier import heads
    from classifier.foreign import network

    if (folder / heads.FILE).is_file() or not network.is_one(folder):
        return None
    from classifier.foreign.model import Foreign

    return Foreign.load(
        folder,
        settings.threads,
        given=settings.model_labels,
        threshold=settings.model_threshold,
        template=settings.model_template,
    )


def words(settings: Settings, tagger: "Classifier | None" = None) -> "Words | None":
    """What reads the words of searches as the model reads posts, without its heads; None where no model of ours
    tags. Nothing is loaded yet, and nothing will be where a `tagger` of these settings is at hand."""
    if not settings.tagging:
        return None
    from classifier import heads
    from classifier.model import SHIPPED
    from classifier.reading import Reader
    from classifier.words import Words

    reader = tagger.reader if tagger else None
    if reader:
        return Words(lambda: reader)
    folder = Path(settings.model) if settings.model else SHIPPED  # one of the hub is no model of ours
    if not (folder / heads.FILE).is_file():
        return None
    return Words(lambda: Reader.load(folder, settings.threads))


def _tell(settings: Settings, database: Database, figures: dict[str, Any]) -> None:
    from classifier.own.figures import told

    with database.write() as session:
        directory.sync_topics(session, settings, _topics(settings))
        directory.show_figures(session, figures)
    for slug, found in figures.items():
        log.info("own topic", topic=slug, examples=found["examples"], **told(found))


def _model_folder(name: str) -> Path:
    """A folder of this machine, or one fetched from the model hub by its name there (owner/model)."""
    if Path(name).is_dir():
        return Path(name)
    wrong = "no such folder; leave it empty for the shipped model, none for no tagging"
    if not _HUB_NAME.fullmatch(name):
        raise ModelError(wrong)
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, ignore_patterns=_NOT_FETCHED))
    except Exception as error:  # the hub's client has no common error of its own
        raise ModelError(f"{wrong}. The model hub has none either: {str(error).splitlines()[0]}") from error
