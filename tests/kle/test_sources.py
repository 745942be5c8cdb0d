"""`kle sources` and `kle collect`: what is there, does it answer, one round now."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from core.outcome import Outcome
from db.models import Run
from kle import rounds, runtime
from tests.collector.server import running
from tests.kle.conftest import FEED, SOURCE, Kle

LOOPBACK = 'allow_private_networks = "127.0.0.0/8"\npace = 0\n'
MISSING = '[[source]]\nname = "gone"\nkind = "feed"\npath = "nowhere.rss"\nenabled = false\nverified = false\n'


def items(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["items"]
    return found


def test_list_shows_each_source_with_its_last_run(kle: Kle, office: Path) -> None:
    assert items(kle("sources", "list", "--json").stdout)[0]["last_run"] is None
    kle("collect")
    row = items(kle("sources", "list", "--json").stdout)[0]
    assert (row["name"], row["kind"], row["enabled"]) == ("office", "feed", True)
    assert (row["last_run"]["outcome"], row["last_run"]["posts_new"]) == ("ok", 2)
    assert "office" in kle("sources", "list").stdout


def test_list_says_why_the_last_run_failed_as_far_as_a_line_holds(kle: Kle, office: Path) -> None:
    kle("collect")
    with runtime.archive() as (_, database), database.write() as session:
        (run,) = session.exec(select(Run))
        run.error = "\x1b[2J[red]" + "far away " * 20
        session.add(run)
    head, row = kle("sources", "list").stdout.splitlines()
    assert head.rstrip().endswith("reason")
    reason = row[head.index("reason") :].rstrip()
    assert reason == " [2J[red]" + "far away " * 5 + "far..." and len(reason) == 60
    assert items(kle("sources", "list", "--json").stdout)[0]["last_run"]["error"] == run.error


def test_list_gives_a_good_run_no_reason(kle: Kle, office: Path) -> None:
    kle("collect")
    head, row = kle("sources", "list").stdout.splitlines()
    assert row[head.index("reason") :].strip() == ""


def test_list_without_any_says_how_to_get_some(kle: Kle) -> None:
    found = kle("sources", "list")
    assert found.exit_code == 0 and "kle init" in found.stderr


def test_source_that_left_the_configuration_is_switched_off_and_kept(kle: Kle, office: Path) -> None:
    kle("collect")
    (office / "kle.toml").write_text(SOURCE.replace('"office"', '"other"'), "utf-8")
    rows = {row["name"]: row for row in items(kle("sources", "list", "--json").stdout)}
    assert rows["office"]["enabled"] is False and rows["office"]["last_run"]["posts"] == 2


def test_without_a_configuration_the_archive_keeps_the_sources_that_it_has(kle: Kle, office: Path) -> None:
    kle("collect")
    (office / "kle.toml").unlink()
    assert items(kle("sources", "list", "--json").stdout)[0]["enabled"] is True


def test_check_says_what_is_there_and_archives_nothing(kle: Kle, office: Path) -> None:
    found = kle("sources", "check", "--json")
    assert found.exit_code == 0
    (row,) = items(found.stdout)
    assert {name: row[name] for name in ("source", "ok", "posts", "problems", "newest", "error")} == {
        "source": "office", "ok": True, "posts": 2, "problems": 0, "newest": "2025-08-19T10:00:00Z", "error": None,
    }  # fmt: skip
    assert (row["kinds"], row["asked"], row["cost"]) == ({"article": 2}, [], None)
    assert json.loads(kle("verify", "--json").stdout)["versions"] == 0


def test_check_fails_if_one_does_not_answer(kle: Kle, office: Path) -> None:
    (office / "kle.toml").write_text(SOURCE + MISSING, "utf-8")
    assert kle("sources", "check").exit_code == 0
    found = kle("sources", "check", "--all", "--json")
    assert found.exit_code == 1
    assert {row["source"]: row["ok"] for row in items(found.stdout)} == {"office": True, "gone": False}
    assert kle("sources", "check", "gone").exit_code == 1


def test_check_of_one_source_is_a_screen(kle: Kle, tmp_path: Path) -> None:
    with running() as site:
        site.pages["/rss?api_key=secret"] = ("application/rss+xml", FEED.encode())
        options = f'url = "{site.url}/rss?api_key=secret"\nfollow_articles = true\nevery = "30m"\n'
        (tmp_path / "kle.toml").write_text(LOOPBACK + SOURCE.partition("path")[0] + options, "utf-8")
        screen = kle("sources", "check", "office").stdout
        assert site.asked == ["/rss?api_key=secret"]
    for part in (
        "office: kind feed, enabled", "/rss?api_key=*** -> 200", "1 pages", "2 posts (2 article), 2025-08-18 to",
        "2025-08-19 10:00  Training Forty soldiers", "as soon as the collector runs, then every 30m",
        "asks only for what has changed", "reads the pages of new entries as articles: 2 are named now",
    ):  # fmt: skip
        assert part in screen
    assert "secret" not in screen


PAID = '[[source]]\nname = "paid"\nkind = "x"\naccount = "@office"\ndaily_budget_usd = 0.5\nenabled = false\n'


def test_what_costs_money_is_priced_and_not_asked(kle: Kle, tmp_path: Path) -> None:
    with running() as site:
        (tmp_path / "kle.toml").write_text(f'{LOOPBACK}{PAID}base_url = "{site.url}"\ntoken = "t"\n', "utf-8")
        screen = kle("sources", "check", "paid").stdout
        (row,) = items(kle("sources", "check", "paid", "--json", "--enable").stdout)
        assert site.asked == []
    assert "priced and not asked" in screen and "never more than $0.50 a day" in screen
    assert (row["ok"], row["cost"]["budget"]) == (True, 0.5)
    assert row["cost"]["first_round"] > 0
    assert "enabled = false" in (tmp_path / "kle.toml").read_text("utf-8")


SAID = 'token = "t"\naccept_terms = true\n'


def test_an_enabled_source_that_lacks_something_is_an_error_that_names_it(
    kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("X_BEARER_TOKEN", raising=False)
    (tmp_path / "kle.toml").write_text(PAID.replace("false", "true"), "utf-8")
    found = kle("sources", "check", "paid", "--json")
    (row,) = items(found.stdout)
    assert (found.exit_code, row["ok"], len(row["lacks"])) == (1, False, 2)
    assert "X_BEARER_TOKEN" in row["lacks"][0] and "accept_terms = true" in row["lacks"][1]
    assert all(part in row["error"] for part in row["lacks"])
    screen = kle("sources", "check", "paid").stdout
    assert "  lacks     the app's Bearer token" in screen and "it will refuse" in screen
    assert "as soon as the collector runs" not in screen
    assert row["cost"]["budget"] == 0.5


def test_a_disabled_source_that_lacks_something_is_only_told(kle: Kle, tmp_path: Path) -> None:
    (tmp_path / "kle.toml").write_text(PAID + 'token = "t"\n' + SOURCE, "utf-8")
    (tmp_path / "office.rss").write_text(FEED, "utf-8")
    found = kle("sources", "check", "paid", "--json")
    (row,) = items(found.stdout)
    assert (found.exit_code, row["ok"], row["error"], len(row["lacks"])) == (0, True, None, 1)
    assert "once on, it refuses" in row["plan"][0]
    together = kle("sources", "check", "--all")
    assert together.exit_code == 0 and "lacks accept_terms = true" in " ".join(together.stdout.split())


def test_a_source_that_lacks_nothing_runs_as_soon_as_it_may(kle: Kle, tmp_path: Path) -> None:
    (tmp_path / "kle.toml").write_text(PAID.replace("enabled = false", SAID), "utf-8")
    found = kle("sources", "check", "paid", "--json")
    (row,) = items(found.stdout)
    assert (found.exit_code, row["ok"], row["lacks"]) == (0, True, [])
    assert "as soon as the collector runs" in row["plan"][0]


@pytest.mark.parametrize("option", ['enabled = "no"', "synthetic = 1", 'verified = "yes"', 'accept_terms = "yes"'])
def test_what_guards_a_source_is_true_or_false_and_nothing_else(kle: Kle, tmp_path: Path, option: str) -> None:
    name = option.partition(" ")[0]
    (tmp_path / "kle.toml").write_text(f"{PAID.replace('enabled = false', '')}{option}\n", "utf-8")
    found = kle("sources", "check", "--all")
    assert found.exit_code != 0
    assert name in found.stdout + found.stderr and "valid boolean" in found.stdout + found.stderr


def test_check_shows_what_was_answered_where_nothing_could_be_read(kle: Kle, tmp_path: Path) -> None:
    with running() as site:
        options = f'url = "{site.url}/status/500"\n'
        (tmp_path / "kle.toml").write_text(LOOPBACK + SOURCE.partition("path")[0] + options, "utf-8")
        found = kle("sources", "check", "office")
    assert found.exit_code == 1
    assert found.stdout.count("/status/500 -> 500") == 3  # with its tries
    assert "error     " in found.stdout and "answered 500" in found.stdout


def test_enable_leaves_a_source_without_posts_off(kle: Kle, tmp_path: Path) -> None:
    empty = SOURCE + "enabled = false\n"
    (tmp_path / "kle.toml").write_text(empty, "utf-8")
    (tmp_path / "office.rss").write_text(FEED.partition("<item>")[0] + "</channel></rss>", "utf-8")
    assert kle("sources", "check", "--all", "--enable").exit_code == 0
    assert (tmp_path / "kle.toml").read_text("utf-8") == empty


def test_check_of_an_unknown_name_says_which_exist(kle: Kle, office: Path) -> None:
    found = kle("sources", "check", "ofice")
    assert found.exit_code == 2 and "office" in found.stderr


def test_enable_switches_on_what_answered_and_leaves_the_rest_of_the_file(kle: Kle, office: Path) -> None:
    sleeping = SOURCE + "enabled = false # until seen\nverified = false\n"
    before = f"# my sources\n{sleeping}\n# nobody has seen this one\n{MISSING}"
    (office / "kle.toml").write_text(before, "utf-8")
    assert kle("sources", "check", "--all", "--enable").exit_code == 1
    after = (office / "kle.toml").read_text("utf-8")
    expected = before.replace("enabled = false # until", "enabled = true # until").replace(
        "seen\nverified = false", "seen\nverified = true"
    )
    assert after == expected


def test_enable_adds_the_word_where_it_was_left_out(kle: Kle, office: Path) -> None:
    assert kle("sources", "check", "--enable").exit_code == 0
    text = (office / "kle.toml").read_text("utf-8")
    assert "enabled = true" in text and "verified = true" in text and kle("collect").exit_code == 0


def test_collect_takes_a_round_of_each_and_says_how_it_went(kle: Kle, office: Path) -> None:
    found = kle("collect", "--json")
    assert found.exit_code == 0
    assert items(found.stdout) == [
        {"source": "office", "outcome": "ok", "posts": 2, "posts_new": 2, "posts_changed": 0, "problems": 0,
         "error": None}
    ]  # fmt: skip
    assert items(kle("collect", "office", "--json").stdout)[0]["outcome"] == "not_modified"
    assert "office: not_modified" in kle("sources", "run", "office").stdout


def test_failed_round_is_exit_code_one_with_the_reason(kle: Kle, office: Path) -> None:
    (office / "office.rss").write_text("no feed", "utf-8")
    found = kle("collect")
    assert found.exit_code == 1 and "failed" in found.stdout


def test_failed_round_also_says_what_was_archived_before(kle: Kle, office: Path) -> None:
    pattern = '[[source]]\nname = "office"\nkind = "feed"\npath = "*.rss"\n'
    (office / "kle.toml").write_text(pattern, "utf-8")
    (office / "zero.rss").write_text("no feed", "utf-8")
    said = kle("collect").stdout.strip()
    assert said.startswith("office: failed: ") and said.endswith("; 2 posts were archived, 2 new")
    assert items(kle("sources", "list", "--json").stdout)[0]["last_run"]["posts_new"] == 2


def test_good_round_also_says_what_went_wrong_aside(capsys: pytest.CaptureFixture[str]) -> None:
    aside = Outcome("ok", 3, 1, 0, 2, error="4 posts were due again: no\x1b[2J answer")
    rounds.report(iter([("office", aside), ("other", Outcome("not_modified"))]), json=False)
    assert capsys.readouterr().out.splitlines() == [
        "office: ok, 3 posts, 1 new, 0 changed, 2 unreadable; 4 posts were due again: no [2J answer",
        "other: not_modified, 0 posts, 0 new, 0 changed",
    ]


def test_collect_of_an_unknown_name_says_which_exist(kle: Kle, office: Path) -> None:
    for command in (["collect"], ["sources", "run"]):
        found = kle(*command, "nobody")
        assert found.exit_code == 2 and "office" in found.stderr


def test_without_a_configuration_there_is_nothing_to_collect(kle: Kle, office: Path) -> None:
    kle("collect")
    (office / "kle.toml").unlink()
    found = kle("collect")
    assert found.exit_code == 0 and "kle init" in found.stderr
    assert items(kle("sources", "list", "--json").stdout)[0]["last_run"]["outcome"] == "ok"


def test_source_that_is_tried_again_says_nothing_on_stdout(kle: Kle, office: Path) -> None:
    away = '[[source]]\nname = "away"\nkind = "feed"\nurl = "http://127.0.0.1:9/rss"\n'
    (office / "kle.toml").write_text('allow_private_networks = "127.0.0.0/8"\npace = 0\n' + away, "utf-8")
    found = kle("sources", "check", "--json")
    assert found.exit_code == 1 and "cannot be read" in items(found.stdout)[0]["error"]
    assert found.stderr == ""
