"""What anybody may do where `public_subscribe` is set: have a search mailed to an address that says yes.

The answer is the same whatever is known of the address, and what is mailed to it before it says yes holds no words
of who asked but those of the search.
"""

from fastapi import Request
from pydantic import ValidationError

from alerts import opting
from api.access import Caller
from api.buckets import sender
from api.deps import context
from api.naming import proposed
from core import times
from core.alert import AlertForm
from core.errors import BadRequest


def may_ask(request: Request, who: Caller) -> bool:
    return who.kind == "public" and context(request).settings.public_subscribe


def ask(request: Request, form: AlertForm) -> None:
    """Raises BadRequest, QueryError, TooOften. The alert is named by its search, whatever the form calls it."""
    opting.check_outside(form)  # before it counts as asked
    site = context(request)
    site.askers.take(sender(request))
    form = form.model_copy(update={"name": proposed(form.query)})
    with site.database.write(lasting=True) as session:
        opting.make_outside(session, form, site.desk, times.now())


def by_mail(query: str, to: str) -> AlertForm:
    """As the page asks for it. Raises BadRequest."""
    try:
        return AlertForm.model_validate(
            {
                "name": proposed(query),
                "query": query,
                "channels": [{"kind": "email", "to": to}],
            }
        )
    except ValidationError as error:
        raise BadRequest(error.errors()[0]["msg"], parameter="query") from None
