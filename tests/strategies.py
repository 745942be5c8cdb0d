"""Random posts and texts that the rooms' property tests share."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from core.post import KINDS, METRICS, OWN_VIEW, Account, Media, SeenPost, View

WORDS = ("peshmerga", "reform", "training", "هێزی", "پێشمەرگە", "تدريب", "pêşmerge", "civîn", "Erbil", "2025")
texts = st.text(max_size=80) | st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)
storable_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)
moments = st.integers(631_300_000, 1_788_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))
filled = storable_texts.filter(str.strip)


@st.composite
def seen_posts(draw: st.DrawFn) -> SeenPost:
    """Any post that the project's own form can say."""
    created_at = draw(st.none() | moments)
    platform = draw(st.sampled_from(("mastodon", "bluesky", "feed", "article", "other")))
    first_hand = draw(st.booleans())
    url = draw(st.none() | st.just("https://news.example/a"))
    return SeenPost(
        platform=platform,
        platform_id=draw(filled),
        kind=draw(st.sampled_from(KINDS)),
        account=draw(st.none() | st.builds(Account, st.just(platform), filled, st.none() | filled)),
        text=draw(storable_texts),
        url=url,
        lang=draw(st.none() | st.sampled_from(("en", "ar", "ckb", "kmr"))),
        created_at=created_at,
        precision=draw(st.sampled_from(("second", "day"))) if created_at else "seen",
        links=tuple(draw(st.lists(filled, max_size=3))),
        media=tuple(draw(st.lists(st.builds(Media, filled, filled, st.none() | filled), max_size=2))),
        metrics=draw(st.just({}) | _counts()),
        synthetic=draw(st.booleans()),
        view=OWN_VIEW.get(platform, View.FULL) if first_hand else View.QUOTE,
        embedded_in=None if first_hand else "https://news.example/quoting",
        repeats=draw(st.none() | st.just("x:1")),
    )


def _counts() -> st.SearchStrategy[dict[str, int | None]]:
    counts = st.fixed_dictionaries({name: st.none() | st.integers(0, 1 << 40) for name in METRICS})
    return counts.filter(lambda found: any(v is not None for v in found.values()))
