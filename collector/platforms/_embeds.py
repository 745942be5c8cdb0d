"""Posts of X, Bluesky and Mastodon that a page embeds, in the order of the page.

A form is a function that reads one kind of element; the rooms of the platforms hold them, and another form is
another function in FORMS. Markup that waits in a script or an attribute is read by the same forms.
"""

from collections.abc import Callable, Iterator

from lxml import etree
from lxml.html import HtmlElement

from collector.platforms import _bluesky_embeds, _hidden, _mastodon_embeds, _x, _x_alone, _x_embeds, _x_quotes
from collector.platforms._embed import Embed
from core.post import SeenPost

Form = Callable[[HtmlElement, str], Iterator[Embed]]
FORMS: dict[str, tuple[Form, ...]] = {
    "blockquote": (_x_quotes.quote, _bluesky_embeds.quote, _mastodon_embeds.quote),
    "iframe": (_x_embeds.frame, _bluesky_embeds.frame, _mastodon_embeds.frame),
    "amp-iframe": (_x_embeds.frame, _bluesky_embeds.frame, _mastodon_embeds.frame),
    "script": (_x_embeds.script,),
    "a": (_x_embeds.card,),
}
OTHERS: tuple[Form, ...] = (
    _x_quotes.classed,
    _x_quotes.rendered,
    _x_embeds.named,
    _x_embeds.card,
    _x_alone.alone,
    _bluesky_embeds.block,
    _mastodon_embeds.block,
)  # fmt: skip  (for any other element that could name a post)
_SIGNS = (
    *(f"contains(., '{word}')" for word in ("status", "weet", "bsky", "embed", "blockquote")),
    "contains(., 'PGJsb2Nr')", "contains(name(), 'tweet')",
)  # fmt: skip
_CANDIDATES = etree.XPath(
    "//blockquote | //iframe | //amp-iframe | //script | //textarea | //oembed"
    " | //p[contains(., '/status') or a[contains(@href, 'status')]]"
    f" | //@*[{' or '.join(_SIGNS)}]/.. | //text()[contains(., '<blockquote')]/.."
)
_LINKS = etree.XPath("//a[contains(@href, 'status')]")


def once(embeds: list[Embed]) -> list[Embed]:
    """Every embedded post once, in the page's order; one with text wins over one without."""
    best: dict[str, Embed] = {}
    for embed in embeds:
        key = embed.post.id if isinstance(embed.post, SeenPost) else embed.post.error
        known = best.get(key)
        if not known or _worth(embed) > _worth(known):
            best[key] = embed
    return list(best.values())


def _worth(embed: Embed) -> tuple[int, bool]:
    if not isinstance(embed.post, SeenPost):
        return 0, False
    return len(embed.post.text), embed.post.account is not None


def find(root: HtmlElement, page_url: str) -> list[Embed]:
    """Every embed of the page, in its order; one post may be there more than once."""
    return [embed for element in _CANDIDATES(root) for embed in _in(element, page_url)]


def _in(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    yield from _forms(element, page_url)
    for root in _hidden.pieces(element):
        for inner in _CANDIDATES(root):
            yield from (embed._replace(element=None) for embed in _forms(inner, page_url))


def _forms(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    for form in FORMS.get(str(element.tag), OTHERS):
        yield from form(element, page_url)


def statuses(root: HtmlElement) -> dict[tuple[str, str], str]:
    """See `_x.statuses`: what the page's own links tell of signatures in its text."""
    links = _LINKS(root)
    return _x.statuses((a.get("href") or "", " ".join("".join(a.itertext()).split())) for a in links)
