"""Styles and scripts of the pages: kept for good at the address with their digest, else asked for each time."""

import os
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.render.templates import static

_FOR_GOOD = "public, max-age=31536000, immutable"
_EACH_TIME = "public, no-cache"


class Assets(StaticFiles):
    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        answer = super().file_response(full_path, stat_result, scope, status_code)
        digest = static(Path(full_path).name).partition("?")[2]
        own = scope["query_string"].decode("latin-1") == digest
        answer.headers["Cache-Control"] = _FOR_GOOD if own else _EACH_TIME
        return answer
