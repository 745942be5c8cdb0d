"""Builds the application from its parts; holds nothing of its own but the context."""

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

from api import openapi, problems
from api.deps import Context, Readiness
from api.feeds.freshness import Freshness
from api.head import AnswerHead
from api.headers import SecurityHeaders
from api.metrics import CountRequests, Metrics
from api.render.templates import STATIC
from api.watcher import Watcher
from core import plugins
from core.settings import Settings
from core.version import SOFTWARE, version
from db.database import Database


def create_app(settings: Settings, database: Database, readiness: Readiness) -> FastAPI:
    """`readiness()` says of each part that this role uses what is missing, or None."""
    metrics = Metrics()
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
        ],
    )
    app.state.context = Context(settings, database, readiness, metrics, watcher, Freshness())
    for package in ("api.routes", "api.pages"):
        for module in plugins.load(package).values():
            app.include_router(module.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    problems.install(app)
    openapi.install(app)
    return app
