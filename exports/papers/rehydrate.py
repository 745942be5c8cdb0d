"""rehydrate.md: how texts of X that were withheld are looked up, by whom and under which terms."""

from exports.papers import recipes
from exports.papers.about import About
from exports.papers.markup import block, page, table

_FIELDS = (
    "tweet.fields=created_at,lang,entities,attachments,public_metrics,edit_history_tweet_ids,note_tweet,"
    "referenced_tweets&expansions=author_id,attachments.media_keys&user.fields=username,name&media.fields=type,url,"
    "alt_text"
)


def rehydrate(about: About) -> str:
    count = sum(entry["posts"] for entry in about.manifest["withheld"] if entry["policy"] == "ids")
    return page(
        "# Looking up posts of X",
        f"{count} posts of X are in this release as ids, without their text: X's developer terms let ids be passed"
        " on, and texts not. Whoever has a key of their own for X's API can ask X for them, as they stand there"
        " today.",
        *_ids(about),
        "## Asking X",
        "With [twarc](https://twarc-project.readthedocs.io) 2, which keeps to X's pace and takes 100 ids a"
        " request:",
        block("twarc2 configure   # your own bearer token\ntwarc2 hydrate ids.txt posts-of-x.jsonl", "sh"),
        "Or by hand: `GET https://api.x.com/2/tweets`, `ids=` with up to 100 ids joined by commas, and your token"
        " in the header `Authorization: Bearer`. X sends id and text unless more is asked for, such as",
        block(_FIELDS),
        "X counts each post that it sends against the quota of your key, or asks for money for it (about 0.005 US"
        " dollars in 2026): see what yours says before you ask for all.",
        "## What does not come back",
        "The answer has the posts under `data`, in no promised order, and under `errors` an entry with"
        " `resource_id` for each id that it does not show:",
        table(
            ("`title`", "what it means"),
            (
                ("Not Found Error", "deleted, or its account is gone or suspended; X does not say which"),
                ("Authorization Error", "the account is protected by now: its posts are not public any more"),
            ),
        ),
        "What its author took away is not to be got elsewhere.",
        "`text_sha256` in this release tells whether a text"
        " that came back is the one that was judged: it is the SHA-256 of its UTF-8 bytes, with links and"
        " entities as the archive wrote them. Where it differs the post was edited since, or is written"
        " otherwise; then the tags are of the earlier text."
        if about.digests
        else "",
        "## Into an archive of your own",
        block("kle import posts-of-x.jsonl\nkle import DIR   # this release, for its tags' sake", "sh"),
        "Posts are known by their ids: what the release has and what X sent become one post.",
        "## Terms",
        "X's developer agreement binds whoever asks X: among other things to pass on ids alone, of which it"
        " limits how many anybody may be handed in 30 days, to delete within 24 hours what is deleted there, and"
        " not to train general models on it. Read the one that holds when you ask.",
    )


def _ids(about: About) -> list[str]:
    line = recipes.ids_of_x(about)
    if line is None:
        return ["The ids are not among the columns that were chosen for this release: build it with `id`."]
    return ["## The ids", "In the folder of the release:", block(line, "sh")]
