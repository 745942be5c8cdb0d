"""`kle alerts`, [[alert]] of kle.toml, and the worker's ticks: from a post to a receiver that verifies."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from alerts.desk import Desk
from core.errors import SettingsError
from kle import runtime
from tests.alerts.channels.receiver import Receiver, receiving, status
from tests.kle.conftest import Kle
from tests.kle.program import started, wait_until
from tests.kle.test_import import record, write_lines


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLE_ALLOW_PRIVATE_NETWORKS", "127.0.0.0/8")


def out(kle: Kle, *arguments: str) -> Any:
    found = kle(*arguments)
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def test_an_alert_made_at_the_terminal_tells_its_secret_once(kle: Kle, office: Path, receiver: Receiver) -> None:
    made = out(kle, "alerts", "add", "peshmerga", "--webhook", receiver.url(), "--cadence", "hourly", "--json")
    assert made["channels"][0]["secret"].startswith("whsec_") and made["cadence"] == "hourly"
    (listed,) = out(kle, "alerts", "list", "--json")["items"]
    assert "secret" not in listed["channels"][0] and listed["owner"] == "kle"
    assert "peshmerga" in kle("alerts", "list").stdout
    said = kle("alerts", "add", "reform", "--webhook", receiver.url(), "--email", "a@office.example").stdout
    assert "whsec_" in said and "has to confirm first" in said
    fresh = kle("alerts", "rotate", "1", str(listed["channels"][0]["subscription"])).stdout.strip()
    assert fresh.startswith("whsec_") and fresh != made["channels"][0]["secret"]


def test_a_test_message_says_how_it_was_taken(kle: Kle, office: Path, receiver: Receiver) -> None:
    out(kle, "alerts", "add", "", "--webhook", receiver.url(), "--json")
    (sent,) = out(kle, "alerts", "test", "1", "--json")["items"]
    assert (sent["outcome"], sent["status"]) == ("sent", 204)
    assert json.loads(receiver.bodies[0])["type"] == "alert.test"
    receiver.answering = status(500, b"no room")
    found = kle("alerts", "test", "1")
    assert found.exit_code == 1 and "failed" in found.stdout and "500" in found.stdout


def test_a_channel_that_fails_is_listed_as_such(kle: Kle, office: Path, receiver: Receiver) -> None:
    out(kle, "alerts", "add", "", "--webhook", receiver.url(), "--json")
    assert "failing" not in kle("alerts", "list").stdout
    receiver.answering = status(503, b"later")
    kle("alerts", "test", "1")
    (one,) = out(kle, "alerts", "list", "--json")["items"]
    assert one["channels"][0]["state"] == "failing"
    assert "a channel is failing" in " ".join(kle("alerts", "list").stdout.split())


def test_a_backtest_saves_nothing(kle: Kle, office: Path) -> None:
    kle("collect")
    found = out(kle, "alerts", "backtest", "", "--days", "3650", "--json")
    assert found["posts"] > 0 and sum(day["posts"] for day in found["per_day"]) == found["posts"]
    assert "messages of" in kle("alerts", "backtest", "", "--days", "3650").stdout
    spoken = out(kle, "alerts", "backtest", "", "--days", "3650", "--more-than", "1/7d", "--json")
    assert spoken["spoken"] and "more than 1" in spoken["spoken"][0]["explained"]
    assert out(kle, "alerts", "list", "--json")["items"] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("(reform",), "parenthesis"),
        (("reform", "--cadence", "daily 25:00"), "25:00"),
        (("reform", "--quiet", "22:00-07:00 Mars/Base"), "Mars/Base"),
        (("reform", "--max-age", "soon"), "soon"),
        (("reform", "--lang", "xx"), "lang"),
        (("reform", "--more-than", "many"), "20/24h"),
        (("reform", "--unusual", "--silence"), "give one"),
        (("reform", "--webhook", "ftp://a.example"), "http"),
        (("reform", "--email", "nobody"), "no mail address"),
    ],
)
def test_what_is_wrong_is_told(kle: Kle, office: Path, arguments: tuple[str, ...], says: str) -> None:
    found = kle("alerts", "add", *arguments)
    assert found.exit_code == 2 and says in found.stderr
    assert out(kle, "alerts", "list", "--json")["items"] == []


def declared(office: Path, url: str, query: str = "") -> None:
    toml = office / "kle.toml"
    rest = toml.read_text("utf-8").partition("\n[[alert]]")[0]
    said = f'\n[[alert]]\nname = "All"\nquery = "{query}"\nchannels = [{{ kind = "webhook", url = "{url}" }}]\n'
    toml.write_text(rest + said, "utf-8")


def declare() -> None:
    """As `kle up` does."""
    with runtime.archive(sync=True) as (knobs, database):
        runtime.declare(knobs, database, Desk.of(knobs))


def test_kle_toml_declares_alerts(kle: Kle, office: Path, receiver: Receiver) -> None:
    declared(office, receiver.url())
    declare()
    (one,) = out(kle, "alerts", "list", "--json")["items"]
    assert (one["name"], one["declared"], one["owner"]) == ("All", True, "kle.toml")
    declared(office, receiver.url(), "reform")
    declare()
    (again,) = out(kle, "alerts", "list", "--json")["items"]
    assert (again["id"], again["query"]) == (one["id"], "reform")
    declared(office, receiver.url(), "topic:nowhere")
    with pytest.raises(SettingsError, match=r"\[\[alert\]\] All.*nowhere"):
        declare()


def test_where_no_kle_toml_speaks_its_alerts_go_on(
    kle: Kle, office: Path, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a list is a list, whatever configuration it is asked under."""
    declared(office, receiver.url())
    declare()
    (one,) = out(kle, "alerts", "list", "--json")["items"]
    toml = office / "kle.toml"
    with_alert = toml.read_text("utf-8")
    toml.write_text(with_alert.partition("\n[[alert]]")[0], "utf-8")
    assert out(kle, "alerts", "list", "--json")["items"] == [one]
    monkeypatch.setenv("KLE_DATA_DIR", str(office / "data"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    declare()
    assert out(kle, "alerts", "list", "--json")["items"] == [one]
    monkeypatch.chdir(office)
    declare()
    assert out(kle, "alerts", "list", "--json")["items"] == []
    toml.write_text(with_alert, "utf-8")
    declare()
    assert out(kle, "alerts", "list", "--json")["items"] == [one], "with the same number, channel and secret"


def test_a_lost_key_stops_alerts_alone_and_can_be_left_behind(kle: Kle, office: Path, receiver: Receiver) -> None:
    out(kle, "alerts", "add", "", "--webhook", receiver.url(), "--json")
    next(Path("data").glob("secret.key")).unlink()
    found = kle("alerts", "add", "", "--webhook", receiver.url())
    assert found.exit_code == 2 and "reset-key" in found.stderr
    assert kle("collect").exit_code == 0
    assert (
        "1 channels" in kle("alerts", "reset-key").stderr and "nothing to do" in kle("alerts", "reset-key").stderr
    )
    assert out(kle, "alerts", "list", "--json")["items"][0]["channels"] == []


def test_a_worker_tells_what_comes_in(kle: Kle, office: Path, receiver: Receiver, tmp_path: Path) -> None:
    made = out(kle, "alerts", "add", "", "--webhook", receiver.url(), "--max-age", "3650d", "--json")
    write_lines(office / "some.jsonl", [record(n) for n in range(3)])
    knobs = {"KLE_MODEL": "none", "KLE_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8"}
    with started(office, "up", "--role", "worker", **knobs) as program:
        program.line("kle-monitor works as worker")
        assert kle("import", "some.jsonl").exit_code == 0
        wait_until(lambda: len(receiver.bodies) > 0, "a message")
    posts = [post["id"] for body in receiver.bodies for post in json.loads(body)["data"]["posts"]]
    assert len(posts) == len(set(posts)) == 3
    Webhook(made["channels"][0]["secret"]).verify(receiver.bodies[0], receiver.headers_seen[0])


def test_a_wrong_table_stops_the_start(kle: Kle, office: Path) -> None:
    toml = office / "kle.toml"
    toml.write_text(toml.read_text("utf-8") + '\n[[alert]]\nname = "A"\nquery = ""\ncadence = "often"\n', "utf-8")
    with pytest.raises(SettingsError, match="often"), runtime.archive():
        pass


def test_without_the_key_of_declared_alerts_all_else_starts(kle: Kle, office: Path, receiver: Receiver) -> None:
    declared(office, receiver.url())
    declare()
    (office / "data" / "secret.key").unlink()
    with started(office, "up", "--role", "worker", KLE_MODEL="none") as program:
        program.line("kle-monitor works as worker")
    assert "nobody is told of anything" in program.log.read_text("utf-8")
    (one,) = out(kle, "alerts", "list", "--json")["items"]
    assert [channel["state"] for channel in one["channels"]] == ["active"]
