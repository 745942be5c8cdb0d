"""Builds the application from its parts; holds nothing of its own but the context."""

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware

from alerts.desk import Desk
from api import openapi, problems
from api.answered import Answered
from api.assets import Assets
from api.buckets import Buckets
from api.compression import Compress
from api.conditional import AnswerConditionally, Unchanged, on_unchanged, unchanged
from api.deps import Context, Readiness
from api.feeds.freshness import Freshness
from api.head import AnswerHead
from api.headers import SecurityHeaders
from api.limits import LimitRequests
from api.metrics import CountRequests, Metrics
from api.moved import Moved, on_moved
from api.once import Once
from api.render.templates import STATIC
from api.watcher import Watcher
from core import plugins
from core.settings import Settings
from core.version import SOFTWARE, version
from db.database import Database
from db.near import Meaning
from db.relevance import Reads

_ASKED_AT_ONCE, _ASKED_EVERY = 5, 720.0  # alerts for one whom we do not know, and the seconds until the next one


def create_app(
    settings: Settings, database: Database, readiness: Readiness, desk: Desk, reads: Reads | None = None
) -> FastAPI:
    """`readiness()` says of each part that this role uses what is missing, or None. `desk` is what alerts are saved
    with. `reads` makes vectors of the words of searches; without it words alone order by relevance."""
    metrics, answered = Metrics(), Answered()
    watcher = Watcher(database, metrics, settings.max_streams)
    app = FastAPI(
        title=SOFTWARE,
        version=version(),
        description=openapi.DESCRIPTION,
        openapi_tags=openapi.TAGS,
        docs_url=None,  # FastAPI's own loads its scripts from another host; pages/docs.py serves ours
        redoc_url=None,
        redirect_slashes=False,  # it would build an absolute address from whatever Host says
        middleware=[
            Middleware(CountRequests, metrics=metrics),
            Middleware(SecurityHeaders),
            Middleware(AnswerHead),
            Middleware(Compress),
            Middleware(AnswerConditionally, answered=answered),
            Middleware(LimitRequests, seconds=settings.request_seconds),
        ],
    )
    askers = Buckets(_ASKED_AT_ONCE, _ASKED_EVERY)
    app.state.context = Context(
        settings,
        database,
        readiness,
        metrics,
        answered,
        watcher,
        Freshness(),
        Meaning(),
        desk,
        askers,
        Once(),
        reads,
    )
    for package in ("api.routes", "api.pages"):
        for module in plugins.load(package).values():
            app.include_router(module.router, dependencies=[Depends(unchanged)])
    app.mount("/static", Assets(directory=STATIC), name="static")
    app.add_exception_handler(Unchanged, on_unchanged)
    app.add_exception_handler(Moved, on_moved)
    problems.install(app)
    openapi.install(app)
    return app
