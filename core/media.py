"""Pictures, films and sounds of posts: which are fetched, and which a browser may show."""

from collections.abc import Collection

TYPES = ("image/*",)
MOST_BYTES = 10_000_000
WORDS = ("image", "video", "audio")
# What a browser shows and never runs; all else leaves as a file. SVG is a program as much as a picture.
SHOWN = frozenset({
    "image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/bmp",
    "video/mp4", "video/webm", "video/ogg", "audio/mpeg", "audio/mp4", "audio/aac", "audio/ogg", "audio/flac",
    "audio/wav",
})  # fmt: skip


def fits(content_type: str, patterns: Collection[str]) -> bool:
    """Whether "image/png" is among types such as "image/*"."""
    return content_type in patterns or f"{content_type.partition('/')[0]}/*" in patterns


def wanted(word: str, patterns: Collection[str]) -> bool:
    """Whether a post's medium, by its source's word, can be of these types; a word of its own may be anything."""
    return word not in WORDS or any(pattern.startswith(f"{word}/") for pattern in patterns)
