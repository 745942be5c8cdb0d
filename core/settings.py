"""Every knob, with default and description; built once by the program and passed down.

Two places, the second wins: the top of `kle.toml` (KLE_CONFIG) and `KLE_*` in the environment. The tables of
kle.toml ([[source]], [[actor]], [[reference]], [[topic]], [[alert]], and the one [release]) are read here too, in
the forms of tables.py.
What is wrong stops the start with its name, its value and what is allowed.
"""

import difflib
import ipaddress
import json
import math
import os
import re
import tomllib
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from core import secrecy, times
from core.alert import AlertConfig
from core.errors import SettingsError
from core.sealed import SHORTEST
from core.tables import MAIL, ActorConfig, CitationConfig, ReferenceConfig, SourceConfig, TopicConfig

_TEST_KNOBS = ("KLE_TEST_", "KLE_REQUIRE_")  # read by the tests, not by the program
_PASSWORD = re.compile(r"(?<=://)([^:/\s]*):[^/\s]*@")  # of a database or a mail server: never into a log
_SMTP = re.compile(r"smtps?://([^:/@\s]+(:[^/@\s]*)?@)?([\w.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?/?")
_TABLES = ("source", "actor", "reference", "topic", "alert")
_RELEASE = "release"  # the one table of which there is one
X_PRICES = {"post": 0.005, "user": 0.01, "media": 0.005}  # what X asked for in 2026
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
T = TypeVar("T", bound=BaseModel)


class Settings(BaseSettings):
    """Each field is `KLE_<NAME>` in the environment and `<name>` at the top of kle.toml."""

    model_config = SettingsConfigDict(env_prefix="KLE_", extra="forbid", frozen=True, hide_input_in_errors=False)

    config: Path = Field(default=Path("kle.toml"), description="The file with sources, actors and references.")
    data_dir: Path = Field(default=Path("data"), description="Where the SQLite database, backups and exports lie.")
    min_free: int = Field(
        default=200_000_000,
        ge=0,
        description="Bytes to keep free beside a SQLite archive; else nothing is collected, imported or tagged.",
    )
    database_url: str = Field(default="", description="SQLAlchemy URL; empty: SQLite in data_dir.")
    keep_exports: str = Field(default="30d", description="How long files of exports stay, such as 12h or 90d.")
    host: str = Field(default="127.0.0.1", description="Address that the API listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port of the API; 0 takes a free one.")
    base_url: str = Field(default="", description="Public address, for links; empty: host and port.")
    max_streams: int = Field(default=500, ge=0, le=100_000, description="Streams of changes open at once.")
    public_read: bool = Field(default=False, description="Serve outside readers under each platform's terms.")
    request_seconds: float = Field(
        default=10.0, ge=0, le=3600, description="Seconds that one request may read the archive; 0: no limit."
    )
    public_subscribe: bool = Field(
        default=False, description="Let anybody have a search mailed to an address that confirms it."
    )
    smtp_url: str = Field(
        default="",
        repr=False,
        description="Mail server: smtps://USER:PASSWORD@HOST (TLS) or smtp://HOST:587 (STARTTLS); empty: no mail.",
    )
    mail_from: str = Field(default="", description="Sender of mails, such as KLE monitor <kle@example.org>.")
    secret_key: str = Field(
        default="",
        repr=False,
        description="Encrypts what alerts keep secret, 32 characters or more; empty: secret.key in data_dir.",
    )
    allow_private_networks: str = Field(
        default="",
        description="CIDRs, comma-separated, that fetching and webhooks may reach beside the public net.",
    )
    model: str = Field(default="", description="Another model's folder or hub name; none: no tagging.")
    model_labels: Annotated[dict[str, str], NoDecode] = Field(
        default={}, description="Topics that labels of another maker's model mean, where they do not say it."
    )
    model_threshold: float = Field(
        default=0.5, gt=0, lt=1, description="From which probability another maker's model tags."
    )
    model_template: str = Field(
        default="This text is about {name}.",
        description="What a zero-shot model is asked of a topic; {definition} may stand in it too.",
    )
    threads: int = Field(default=0, ge=0, le=256, description="Threads of the classifier; 0: one a core.")
    contact: str = Field(default="", description="Mail or web address that sites find in our User-Agent.")
    fetch_timeout: float = Field(default=30.0, gt=0, le=600, description="Seconds for one response.")
    fetch_max_bytes: int = Field(
        default=20_000_000, ge=1000, description="Largest response that is read, in bytes."
    )
    pace: float = Field(default=1.0, ge=0, le=3600, description="Least seconds between two requests to one host.")
    x_prices: Annotated[dict[str, float], NoDecode] = Field(
        default=X_PRICES, description="US dollars that X asks for one post, user or media item read."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="What is logged.")
    tables: dict[str, list[dict[str, Any]]] = Field(default_factory=dict, exclude=True, repr=False)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (env_settings, init_settings)  # the environment wins over the file

    @field_validator("allow_private_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        for part in value.split(","):
            if part.strip():
                ipaddress.ip_network(part.strip(), strict=False)
        return value

    @field_validator("x_prices", mode="before")
    @classmethod
    def _prices(cls, value: Any) -> Any:
        """What is left out keeps its usual price."""
        try:
            told = json.loads(value) if isinstance(value, str) else value
        except ValueError:
            told = None
        if not isinstance(told, dict) or not all(map(_is_price, told.values())) or told.keys() - X_PRICES:
            raise ValueError(
                f"must be prices from 0 such as {json.dumps(X_PRICES)}; there are {', '.join(X_PRICES)}"
            )
        return {**X_PRICES, **told}

    @field_validator("model_labels", mode="before")
    @classmethod
    def _meanings(cls, value: Any) -> Any:
        try:
            told = json.loads(value) if isinstance(value, str) else value
        except ValueError:
            told = None
        if not isinstance(told, dict) or not all(isinstance(topic, str) for topic in told.values()):
            raise ValueError(
                'must be a table of labels and topics, such as {"LABEL_0": "stability", "other": "none"}'
            )
        return told

    @field_validator("model_template")
    @classmethod
    def _template(cls, value: str) -> str:
        try:
            says = value.format(name="a", definition="a") != value.format(name="b", definition="b")
        except (KeyError, IndexError, ValueError):
            says = False
        if not says:
            raise ValueError("must hold {name} or {definition}, and no other field")
        return value

    @field_validator("keep_exports")
    @classmethod
    def _kept(cls, value: str) -> str:
        times.parse_every(value)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: str) -> str:
        if value and not (_SMTP.fullmatch(value) and urlsplit(value).port != 0):  # .port raises beyond 65535
            raise ValueError("must be smtps://USER:PASSWORD@HOST:465 or smtp://USER:PASSWORD@HOST:587")
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        address = parseaddr(value)[1] if value else "a@b"
        if not MAIL.fullmatch(address) or not value.isprintable():
            raise ValueError("must be an address such as kle@example.org, or KLE monitor <kle@example.org>")
        return value

    @field_validator("secret_key")
    @classmethod
    def _long(cls, value: str) -> str:
        if value and len(value) < SHORTEST:
            raise ValueError(f"must have {SHORTEST} characters or more")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        known = ("sqlite:///", "postgresql://", "postgresql+psycopg://", "postgres://")
        if value and (not value.startswith(known) or value in known or value == "sqlite:///:memory:"):
            raise ValueError("must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE")
        return value

    @property
    def url(self) -> str:
        """The database's URL as SQLAlchemy takes it."""
        if not self.database_url:
            return f"sqlite:///{(self.data_dir / 'kle.sqlite').resolve()}"
        for prefix in ("postgresql://", "postgres://"):
            if self.database_url.startswith(prefix):
                return "postgresql+psycopg://" + self.database_url.removeprefix(prefix)
        return self.database_url

    @property
    def exports_kept(self) -> timedelta:
        return times.parse_every(self.keep_exports)

    @property
    def networks(self) -> tuple[Network, ...]:
        parts = [p.strip() for p in self.allow_private_networks.split(",") if p.strip()]
        return tuple(ipaddress.ip_network(p, strict=False) for p in parts)

    @property
    def config_dir(self) -> Path:
        """Relative paths of sources start here."""
        return self.config.resolve().parent

    @property
    def tagging(self) -> bool:
        return self.model.lower() != "none"

    @property
    def sources(self) -> list[SourceConfig]:
        return self._rows("source", SourceConfig, "name")

    @property
    def actors(self) -> list[ActorConfig]:
        return self._rows("actor", ActorConfig, "slug")

    @property
    def references(self) -> list[ReferenceConfig]:
        return self._rows("reference", ReferenceConfig, "slug")

    @property
    def alerts(self) -> list[AlertConfig]:
        return self._rows("alert", AlertConfig, "name")

    @property
    def topics(self) -> list[TopicConfig]:
        """Those of one's own; the shipped ones are the classifier's."""
        return self._rows("topic", TopicConfig, "slug")

    @property
    def citation(self) -> CitationConfig:
        """How releases are to be cited."""
        for row in self.tables.get(_RELEASE, []):
            try:
                return CitationConfig.model_validate(row)
            except ValidationError as error:
                raise _first_problem(error, CitationConfig, f"{self.config}: [{_RELEASE}] ") from None
        return CitationConfig()

    def _rows(self, table: str, form: type[T], key: str) -> list[T]:
        rows = []
        for number, row in enumerate(self.tables.get(table, []), 1):
            where = f"{self.config}: [[{table}]] {row.get(key) or f'number {number}'}"
            try:
                rows.append(form.model_validate(row))
            except ValidationError as error:
                raise _first_problem(error, form, where + ", ") from None
        seen: set[str] = set()
        for item in rows:
            name = getattr(item, key)
            if name in seen:
                raise SettingsError(f"{self.config}: [[{table}]] {key}", name, "is there twice; names are unique")
            seen.add(name)
        return rows


def _is_price(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and value >= 0


def load(config: Path | None = None, **overrides: Any) -> Settings:
    """Build the settings from kle.toml and the environment. Raises SettingsError."""
    _refuse_unknown_environment()
    path = config or Path(os.environ.get("KLE_CONFIG") or "kle.toml")
    file = _read_file(path, must_exist=config is not None or bool(os.environ.get("KLE_CONFIG")))
    for name in ("config", "tables"):
        if name in file:
            raise SettingsError(f"{path}: {name}", file[name], "is no setting of this file")
    tables = {name: file.pop(name) for name in _TABLES if name in file}
    for name, rows in tables.items():
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise SettingsError(f"{path}: [{name}]", "one table", f"is a list: write [[{name}]]")
    if _RELEASE in file:
        if not isinstance(file[_RELEASE], dict):
            raise SettingsError(f"{path}: [[{_RELEASE}]]", "a list", f"is one table: write [{_RELEASE}]")
        tables[_RELEASE] = [file.pop(_RELEASE)]
    try:
        built = Settings(**{**file, "config": path, "tables": tables})
    except ValidationError as error:
        raise _first_problem(error, Settings, "") from None
    settings = built.model_copy(update={name: value for name, value in overrides.items() if value is not None})
    for table in (*(f"{name}s" for name in _TABLES), "citation"):  # a wrong one stops the start too
        getattr(settings, table)
    return settings


def _read_file(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if must_exist:
            raise SettingsError(
                "KLE_CONFIG", str(path), "is not there; `kle init` writes a commented one"
            ) from None
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError("KLE_CONFIG", str(path), f"cannot be read as TOML: {error}") from None


def _refuse_unknown_environment() -> None:
    known = {f"KLE_{name.upper()}" for name in Settings.model_fields if name != "tables"}
    for name in os.environ:
        if name.startswith("KLE_") and name not in known and not name.startswith(_TEST_KNOBS):
            raise SettingsError(
                name, secrecy.shown(name, os.environ[name]), "is no setting" + _suggestion(name, sorted(known))
            )


def _suggestion(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1, cutoff=0.75)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}"


def _first_problem(error: ValidationError, form: type[BaseModel], where: str) -> SettingsError:
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"]) or "value"
    if first["type"] == "extra_forbidden":
        known = [n for n in form.model_fields if n != "tables"]
        value = secrecy.shown(name, first["input"])
        return SettingsError(where + name, value, "is no setting" + _suggestion(name, known))
    if first["type"] == "missing":
        return SettingsError(where + name, None, "is missing")
    shown = f"KLE_{name.upper()}" if form is Settings else where + name
    value = first.get("ctx", {}).get("shown", first["input"])  # of many texts only the one that is wrong
    if name in ("database_url", "smtp_url"):
        value = _PASSWORD.sub(r"\1:***@", value)
    elif form is Settings:
        value = secrecy.shown(name, value)
    return SettingsError(shown, value, first["msg"].removeprefix("Value error, "))
