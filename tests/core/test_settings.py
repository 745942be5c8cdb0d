"""A wrong setting stops the start with its name, its value and what is allowed."""

from datetime import timedelta
from pathlib import Path

import pytest

from core import settings
from core.errors import SettingsError


def written(toml: str, name: str = "kle.toml") -> Path:
    path = Path(name)
    path.write_text(toml, "utf-8")
    return path


def refused(toml: str) -> SettingsError:
    with pytest.raises(SettingsError) as told:
        settings.load(written(toml))
    return told.value


def test_without_file_and_environment_everything_has_its_default():
    built = settings.load()
    assert (built.host, built.port, built.public_read, built.tagging) == ("127.0.0.1", 8000, False, True)
    assert built.url == f"sqlite:///{Path('data/kle.sqlite').resolve()}"
    assert built.networks == () and built.sources == [] and built.actors == [] and built.references == []


def test_every_setting_says_what_it_is_for():
    undescribed = [n for n, f in settings.Settings.model_fields.items() if n != "tables" and not f.description]
    assert undescribed == []


def test_the_environment_wins_over_the_file_and_an_argument_over_both(monkeypatch):
    path = written("port = 9000\nhost = '127.0.0.2'")
    monkeypatch.setenv("KLE_PORT", "9001")
    assert settings.load(path).port == 9001
    assert settings.load(path).host == "127.0.0.2"
    assert settings.load(path, port=9002).port == 9002


def test_an_argument_that_was_not_given_changes_nothing():
    assert settings.load(None, host=None, port=None).port == 8000


def test_the_file_is_found_by_kle_config_and_relative_paths_start_beside_it(monkeypatch, tmp_path):
    (tmp_path / "etc").mkdir()
    path = written("port = 9000", "etc/my.toml")
    monkeypatch.setenv("KLE_CONFIG", str(path))
    built = settings.load()
    assert built.port == 9000
    assert built.config_dir == (tmp_path / "etc").resolve()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("KLE_PORT", "eighty", "integer"),
        ("KLE_PORT", "65536", "less than or equal to 65535"),
        ("KLE_PUBLIC_READ", "perhaps", "boolean"),
        ("KLE_DATABASE_URL", "mysql://localhost/kle", "must be sqlite:///FILE or postgresql://"),
        ("KLE_DATABASE_URL", "sqlite:", "must be sqlite:///FILE"),
        ("KLE_DATABASE_URL", "sqlite:///", "must be sqlite:///FILE"),
        ("KLE_DATABASE_URL", "sqlite:///:memory:", "must be sqlite:///FILE"),
        ("KLE_ALLOW_PRIVATE_NETWORKS", "10.0.0.0/8,home", "home"),
        ("KLE_FETCH_TIMEOUT", "0", "greater than 0"),
        ("KLE_FETCH_MAX_BYTES", "10", "greater than or equal to 1000"),
        ("KLE_PACE", "-1", "greater than or equal to 0"),
        ("KLE_THREADS", "257", "less than or equal to 256"),
        ("KLE_LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("KLE_PROT", "8000", "did you mean KLE_PORT?"),
        ("KLE_TABLES", "{}", "is no setting"),
        ("KLE_NOTHING_LIKE_IT", "1", "is no setting"),
        ("KLE_CONFIG", "missing.toml", "is not there; `kle init` writes a commented one"),
    ],
)
def test_a_wrong_value_in_the_environment_names_itself(monkeypatch, name, value, says):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as told:
        settings.load()
    assert told.value.message.startswith(f"{name} = {value!r}"), told.value.message
    assert says in told.value.message


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("prot = 1", "prot = 1: is no setting; did you mean port?"),
        ("port = 'x'", "KLE_PORT = 'x'"),
        ("config = 'other.toml'", "config = 'other.toml': is no setting of this file"),
        ("tables = {}", "tables = {}: is no setting of this file"),
        ("port = ", "cannot be read as TOML"),
        ("[source]\nname = 'a'", "[source] = 'one table': is a list: write [[source]]"),
        ("source = ['a']", "is a list: write [[source]]"),
        ("[[source]]\nkind = 'feed'", "[[source]] number 1, name = None: is missing"),
        ("[[source]]\nname = 'a'", "[[source]] a, kind = None: is missing"),
        ("[[source]]\nname = 'a b'\nkind = 'feed'", "[[source]] a b, name = 'a b'"),
        ("[[source]]\nname = 'a'\nkind = 'feed'\nevery = 'hourly'", "'hourly' is not a time span such as 30s"),
        ("[[source]]\nname = 'a'\nkind = 'feed'\nevery = '0m'", "'0m' is not a time span"),
        ("[[source]]\nname = 'a'\nkind = 'feed'\nevery = 15", "must be a time span in quotes"),
        ("[[source]]\nname = 'a'\nkind = 'feed'\nevery = '99999999999d'", "is longer than 3650d"),
        ("[[source]]\nname = 'a'\nkind = 'feed'\nenabled = 'perhaps'", "[[source]] a, enabled = 'perhaps'"),
        (
            "[[source]]\nname='a'\nkind='feed'\n[[source]]\nname='a'\nkind='feed'",
            "[[source]] name = 'a': is there twice",
        ),
        ("[[actor]]\nslug = 'A b'\nname = 'A'", "[[actor]] A b, slug = 'A b'"),
        ("[[actor]]\nslug = 'a'\nname = 'A'\naccounts = ['@a']", "'@a' is not \"platform:handle\""),
        ("[[actor]]\nslug = 'a'\nname = 'A'\nacounts = []", "is no setting; did you mean accounts?"),
        ("[[reference]]\ntitle = 'T'\ndate = '18 August'", "date = '18 August'"),
        ("[[reference]]\nslug = 't'", "[[reference]] t, title = None: is missing"),
        ("[[reference]]\ntitle = 'مذكرة'", "slug = ''"),
    ],
)
def test_a_wrong_entry_of_the_file_names_itself(toml, says):
    assert says in refused(toml).message


def test_a_name_like_none_is_answered_with_all_that_there_are(monkeypatch):
    monkeypatch.setenv("KLE_BOGUS", "1")
    with pytest.raises(SettingsError) as told:
        settings.load()
    assert "did you mean" not in told.value.message
    assert "there are KLE_ALLOW_PRIVATE_NETWORKS" in told.value.message and "KLE_HOST" in told.value.message


def test_a_file_in_another_encoding_is_told():
    Path("kle.toml").write_bytes("# ک".encode("utf-16"))
    with pytest.raises(SettingsError, match="cannot be read as TOML"):
        settings.load(Path("kle.toml"))


def test_tables_become_their_rows():
    built = settings.load(
        written("""
        [[source]]
        name = "oir-news"
        kind = "feed"
        url = "https://news.example/feed"
        every = "1h"
        actor = "office"
        [[actor]]
        slug = "office"
        name = "An office"
        accounts = ["x:@office", "mastodon:office@m.example"]
        [[reference]]
        title = "A plan: four years"
        date = "2022-09"
        figures = { expected = 138000 }
    """)
    )
    source, actor, reference = built.sources[0], built.actors[0], built.references[0]
    assert (source.every, source.enabled, source.verified) == (timedelta(hours=1), True, True)
    assert source.options == {"url": "https://news.example/feed"}
    assert actor.accounts == ["x:@office", "mastodon:office@m.example"]
    assert (reference.slug, reference.date_precision, reference.verified) == ("a-plan-four-years", "month", False)


@pytest.mark.parametrize("prefix", ["postgres://", "postgresql://", "postgresql+psycopg://"])
def test_every_spelling_of_a_postgresql_url_takes_the_same_driver(monkeypatch, prefix):
    monkeypatch.setenv("KLE_DATABASE_URL", f"{prefix}kle@127.0.0.1/kle")
    assert settings.load().url == "postgresql+psycopg://kle@127.0.0.1/kle"


def test_networks_are_read_from_a_list(monkeypatch):
    monkeypatch.setenv("KLE_ALLOW_PRIVATE_NETWORKS", " 10.1.2.3/8, ::1/128 ,")
    assert [str(n) for n in settings.load().networks] == ["10.0.0.0/8", "::1/128"]


def test_model_none_switches_tagging_off(monkeypatch):
    monkeypatch.setenv("KLE_MODEL", "None")
    assert not settings.load().tagging


def test_no_password_gets_into_the_error_of_a_database_url(monkeypatch):
    monkeypatch.setenv("KLE_DATABASE_URL", "mysql://kle:s3cret@db/kle")
    with pytest.raises(SettingsError) as found:
        settings.load()
    assert "s3cret" not in found.value.message and "mysql://kle:***@db" in found.value.message


def test_prices_left_out_are_the_usual_ones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KLE_X_PRICES", '{"post": 0.02}')
    assert settings.load().x_prices == {"post": 0.02, "user": 0.01, "media": 0.005}
    monkeypatch.delenv("KLE_X_PRICES")
    (tmp_path / "kle.toml").write_text("x_prices = { user = 0 }")
    assert settings.load(tmp_path / "kle.toml").x_prices["user"] == 0


@pytest.mark.parametrize(
    "value", ["{", "7", "[]", '{"post": -1}', '{"post": "free"}', '{"post": NaN}', '{"tweet": 1}', '{"post": true}']
)
def test_what_is_no_price_stops_the_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("KLE_X_PRICES", value)
    with pytest.raises(SettingsError, match=r"KLE_X_PRICES.*there are post, user, media"):
        settings.load()


TOPIC = '[[topic]]\nslug = "drones"\nname = "Drones"\ndefinition = "Attacks with drones."\n'
EIGHT = [f"Text {n}." for n in range(8)]


def test_a_topic_of_one_s_own_is_read_and_trimmed():
    (topic,) = settings.load(written(f"{TOPIC}examples = {[*EIGHT, ' with space ']}")).topics
    assert (topic.slug, topic.name, topic.definition) == ("drones", "Drones", "Attacks with drones.")
    assert topic.examples == [*EIGHT, "with space"] and topic.counter_examples == []


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        (f"{TOPIC}examples = {EIGHT[:7]}", "drones, examples = 7: are too few; at least 8 texts are needed"),
        (f"{TOPIC}examples = {[*EIGHT, ' ']}", "drones, examples = '': must not be empty"),
        (f"{TOPIC}examples = {[*EIGHT, EIGHT[0]]}", "drones, examples = 'Text 0.': is there twice"),
        (f"{TOPIC}examples = 'Text.'", "drones, examples = 'Text.'"),
        (f"{TOPIC}examples = {EIGHT}\ncounter_examples = ['Text 1.']", "counter_examples = 'Text 1.': is among"),
        (f"{TOPIC}examples = {EIGHT}\nexample = 'Text.'", "did you mean examples?"),
        (TOPIC, "drones, examples = None: is missing"),
        (TOPIC.replace("drones", "Drones!") + f"examples = {EIGHT}", "slug = 'Drones!': must be 2 to 40 of a-z"),
        (TOPIC.replace("Attacks with drones.", "") + f"examples = {EIGHT}", "definition = '': must not be empty"),
        (f"{TOPIC}examples = {EIGHT}\n" * 2, "[[topic]] slug = 'drones': is there twice"),
        ("[topic]\nslug = 'drones'", "is a list: write [[topic]]"),
    ],
)
def test_a_wrong_topic_says_what_is_wrong_with_which_text(toml, says):
    assert says in refused(toml).message


RELEASE = """[release]
title = " Talks of 2025 "
authors = [
  { name = "Office of Research" },
  { name = "Family", given = "Given", orcid = "https://orcid.org/0000-0002-1825-0097", affiliation = "North" },
]
licence = "cc-by-4.0"
url = "https://example.org/kle"
contact = "kle@example.org"
keywords = ["peshmerga", "reform", "peshmerga"]
doi = "https://doi.org/10.5281/zenodo.1234567"
"""


def test_how_releases_are_to_be_cited_is_one_table_in_its_usual_spelling():
    citation = settings.load(written(RELEASE)).citation
    assert (citation.title, citation.licence, citation.doi) == (
        "Talks of 2025", "CC-BY-4.0", "10.5281/zenodo.1234567",
    )  # fmt: skip
    assert citation.keywords == ("peshmerga", "reform")
    office, person = citation.authors
    assert (office.name, office.is_person) == ("Office of Research", False)
    assert (person.name, person.given, person.orcid, person.is_person) == (
        "Family", "Given", "0000-0002-1825-0097", True,
    )  # fmt: skip


def test_nothing_need_be_said_of_citing():
    assert settings.load(written("")).citation == settings.load(written("[release]\n")).citation
    assert settings.load(written("")).citation.authors == ()


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("licence = 'free'", "[release] licence = 'free': is no SPDX identifier; there are CC-BY-4.0"),
        ("licence = 'MIT OR CC0-1.0'", "is no SPDX identifier"),
        ("licence = 'LicenseRef-mine'", "is no SPDX identifier"),
        ("license = 'MIT'", "[release] license = 'MIT': is no setting; did you mean licence?"),
        ("title = ' '", "[release] title = ' ': must not be empty"),
        ('title = "two\\nlines"', "must be one line of text"),
        ("authors = 'Office'", "[release] authors = 'Office'"),
        ("authors = [{}]", "[release] authors.0.name = None: is missing"),
        ("authors = [{ name = 'A' }, { name = 'A' }]", "[release] authors = 'A': is there twice"),
        (
            "authors = [{ name = 'A', orcid = '0000-0002-1825-0098' }]",
            "authors.0.orcid = '0000-0002-1825-0098'",
        ),
        ("url = 'example.org'", "[release] url = 'example.org': must be a web address"),
        ("url = 'javascript:alert(1)'", "must be a web address"),
        ("url = 'https://example.org/a b'", "must be a web address"),
        ("contact = 'me'", "[release] contact = 'me': must be an address such as"),
        ("keywords = ['a', '']", "must not be empty"),
        ("doi = '10.1'", "[release] doi = '10.1': is no DOI"),
    ],
)
def test_a_wrong_citation_stops_the_start_and_says_what_is_allowed(toml, says):
    assert says in refused("[release]\n" + toml).message


def test_two_tables_on_citing_are_refused():
    assert "is one table: write [release]" in refused("[[release]]\ntitle = 'a'").message


@pytest.mark.parametrize(
    "value",
    [
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp://me:S3cret@a.example:0",
        "smtp://a.example:70000",
    ],
)
def test_what_is_no_mail_server_is_refused_without_its_password(value):
    told = refused(f'smtp_url = "{value}"')
    assert told.message.startswith("KLE_SMTP_URL = ")
    assert "S3cret" not in told.message


@pytest.mark.parametrize("value", ["smtps://me:p%40ss@mail.example.org", "smtp://[::1]:25", "smtp://localhost:25/"])
def test_a_mail_server_is_taken(value):
    assert settings.load(written(f'smtp_url = "{value}"')).smtp_url == value
