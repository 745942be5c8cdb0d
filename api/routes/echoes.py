"""/posts/{id}/echoes: who said the same, who said it first, and how far apart."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from api import outgoing, pictures
from api.access import Reader
from api.answers import listing, resource
from api.deps import context, only
from api.moved import own_id
from api.schemas import of_searches
from api.search import EchoSearch
from db import posts, spread

router = resource("posts")


@router.get("/posts/{id:path}/echoes", response_model=of_searches.Echoes, dependencies=[only(EchoSearch)])
def list_echoes(request: Request, who: Reader, id: str, asked: Annotated[EchoSearch, Query()]) -> Response:  # noqa: A002
    """The posts that say the same as this one within four weeks of it, this one among them, in order of
    publication: copies, also cut off, with another link or hashtag, or quoted whole in a longer text; and, whenever
    they were published, reposts of it and posts that quote it by its id. A repost has the group of what it repeats.

    `first` is who published first; `certain` is false where another one's time is not known well enough to rule
    out that it came before. Times apart are exact only between times known to the second, else they are bounds.
    Posts from one template with another number, date, place or name are not echoes, nor are translations: those
    are near neighbours in meaning. Where a text is withheld from you, so is how much of it is shared. A post whose
    text was erased has no echoes.
    """
    moment = asked.moment()
    with context(request).database.read() as session:
        own = own_id(session, id)
        found = spread.spread(session, posts.key_of(session, own), moment, asked.limit, asked.cursor)
        shown = pictures.told(session, found.items, internal=who.internal)
    items = outgoing.echoes(shown, found.today, found.echoes, found.asked, who.audience)
    return listing(items, found.next_cursor, **found.told)
