"""An archive of X as it lies in its folder: whose it is, and which note is the whole of which post."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from collector.platforms import file
from core.post import Problem, SeenPost, View
from tests.collector.pages import page

START = datetime(2026, 5, 4, 10, tzinfo=UTC)
LONG = "Synthetic: advisors & officers met to talk about reform. " * 8


def number(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000) - 1_288_834_974_657 << 22)


def tweet(moment: datetime, text: str, **more: Any) -> dict[str, Any]:
    when = moment.strftime("%a %b %d %H:%M:%S +0000 %Y")
    return {"tweet": {"id_str": number(moment), "created_at": when, "full_text": text, "lang": "en", **more}}


def note(moment: datetime, text: str) -> dict[str, Any]:
    core = {"text": text, "urls": [{"shortUrl": "https://t.co/a", "expandedUrl": "https://office.example/a"}]}
    told = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"noteTweet": {"noteTweetId": number(moment), "createdAt": told, "core": core}}


def written(path: Path, variable: str, entries: list[Any]) -> Path:
    path.write_text(f"window.YTD.{variable}.part0 = {json.dumps(entries, indent=2)}", "utf-8")
    return path


def account(folder: Path) -> None:
    about = {"username": "office_example", "accountId": "900000001", "accountDisplayName": "Office of Example"}
    written(folder / "account.js", "account", [{"account": about}])


def read(path: Path, **options: Any) -> list[SeenPost]:
    found = [item for one in file.slices(path, **options) for item in file.parse(one)]
    assert not [item for item in found if isinstance(item, Problem)]
    return [item for item in found if isinstance(item, SeenPost)]


def test_account_js_beside_it_says_whose_it_is(tmp_path: Path) -> None:
    account(tmp_path)
    (post,) = read(written(tmp_path / "tweets.js", "tweets", [tweet(START, "Synthetic: a post")]))
    assert post.account and (post.account.handle, post.account.name) == ("@office_example", "Office of Example")
    assert post.url == f"https://x.com/office_example/status/{post.platform_id}"


def test_of_an_archive_of_which_nobody_says_whose_it_is_that_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "tweets.js", "tweets", [tweet(START, "Synthetic: a post")])
    (one,) = file.slices(path)
    assert "--account @handle" in one.headers[file.MISSING]
    (nobodys,) = read(path)
    assert nobodys.account is None
    (told,) = read(path, account="@other_example")
    assert told.account and told.account.handle == "@other_example"
    (profile,) = file.parse(page(path.read_bytes(), url="https://x.com/office_example"))
    assert isinstance(profile, SeenPost) and profile.account and profile.account.handle == "@office_example"


def picture(moment: datetime, handle: str, of: datetime) -> dict[str, Any]:
    item = {"expanded_url": f"https://twitter.com/{handle}/status/{number(of)}/photo/1", "type": "photo"}
    return tweet(moment, "Synthetic: a picture", extended_entities={"media": [item]})


def test_addresses_of_its_own_pictures_name_the_account(tmp_path: Path) -> None:
    others = picture(START, "partner_example", START - timedelta(days=1))  # shown again in a repost
    own = picture(START + timedelta(hours=1), "office_example", START + timedelta(hours=1))
    posts = read(written(tmp_path / "tweets.js", "tweets", [others, own]))
    assert {post.account.handle for post in posts if post.account} == {"@office_example"} and len(posts) == 2


def test_a_thread_names_the_account_as_well_also_for_notes_beside_it(tmp_path: Path) -> None:
    answer = {"in_reply_to_status_id_str": number(START), "in_reply_to_screen_name": "office_example"}
    thread = [tweet(START + timedelta(minutes=9), "Synthetic: two", **answer), tweet(START, "Synthetic: one")]
    written(tmp_path / "tweets.js", "tweets", thread)
    (post,) = read(
        written(tmp_path / "note-tweet.js", "note_tweet", [note(START + timedelta(days=1), LONG.strip())])
    )
    assert post.account and post.account.handle == "@office_example"


def test_monthly_files_of_old_name_their_author(tmp_path: Path) -> None:
    old = {
        **tweet(START, "Synthetic: a post")["tweet"],
        "user": {"screen_name": "office_example", "name": "Office"},
    }
    (tmp_path / "2026_05.js").write_text(f"Grailbird.data.tweets_2026_05 = {json.dumps([old], indent=1)}")
    (post,) = read(tmp_path / "2026_05.js")
    assert post.account and post.account.handle == "@office_example"


def test_a_long_post_has_its_whole_words_from_either_file(tmp_path: Path) -> None:
    account(tmp_path)
    cut = LONG[:250].replace("&", "&amp;") + "… https://t.co/b"
    posts = [tweet(START, cut), tweet(START + timedelta(seconds=20), "Synthetic: another of that minute")]
    tweets = written(tmp_path / "tweets.js", "tweets", posts)
    notes = written(tmp_path / "note-tweet.js", "note_tweet", [note(START - timedelta(seconds=1), LONG.strip())])
    whole, other = read(tweets)
    assert (whole.text, whole.links, whole.view) == (LONG.strip(), ("https://office.example/a",), View.FULL)
    assert other.text == "Synthetic: another of that minute"
    assert read(notes) == [whole]


def test_posts_that_begin_alike_have_each_their_own_note(tmp_path: Path) -> None:
    account(tmp_path)
    times = [START + timedelta(seconds=n) for n in (0, 40, 80)]
    tweets = [tweet(moment, LONG[:270] + f"… https://t.co/{n}") for n, moment in enumerate(times)]
    wholes = [note(times[n], f"{LONG}The end of {n}.") for n in (2, 1)]  # of the first post nobody has the note
    for number_, whole in enumerate(wholes):
        whole["noteTweet"]["noteTweetId"] = str(number_ + 1)  # numbers that tell no time
    notes = written(tmp_path / "note-tweet.js", "note_tweet", wholes)
    found = read(written(tmp_path / "tweets.js", "tweets", tweets))
    assert [post.text[len(LONG) :] for post in found] == ["", "The end of 1.", "The end of 2."]
    assert found[0].view is View.ENTRY
    assert sorted(read(notes), key=lambda post: post.platform_id) == found[1:]


def test_without_its_note_a_long_post_is_a_lesser_view(tmp_path: Path) -> None:
    (post,) = read(written(tmp_path / "tweets.js", "tweets", [tweet(START, LONG[:250] + "…")]), account="a_example")
    assert post.view is View.ENTRY


def test_a_note_without_its_post_gets_the_id_of_a_post_recovered_without_one(tmp_path: Path) -> None:
    account(tmp_path)
    notes = written(tmp_path / "note-tweet.js", "note_tweet", [note(START, LONG.strip())])
    (post,) = read(notes)
    assert post.platform_id.startswith("~") and post.created_at == START and post.url is None
    written(tmp_path / "tweets.js", "tweets", [tweet(START, "Synthetic: something else altogether")])
    assert read(notes) == [post]


def test_states_of_an_edited_post_are_one_post(tmp_path: Path) -> None:
    ids = [number(START), number(START + timedelta(minutes=5))]
    first = {"initial": {"editTweetIds": [ids[0]]}}
    later = {"edit": {"initialTweetId": ids[0], "editControlInitial": {"editTweetIds": ids}}}
    entries = [tweet(START, "Synthetic: firts", edit_info=first),
               tweet(START + timedelta(minutes=5), "Synthetic: first", edit_info=later)]  # fmt: skip
    posts = read(written(tmp_path / "tweets.js", "tweets", entries), account="office_example")
    assert [post.platform_id for post in posts] == [ids[0], ids[0]]
