"""HEAD wherever GET is: the same work and the same headers, Content-Length among them, without the body."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class AnswerHead:
    """Routes declare GET alone. The scope is changed in place: what the router writes into it, others read."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        scope["method"] = "GET"
        scope.setdefault("state", {})["head"] = True  # an answer without end must know
        try:
            await self.app(scope, receive, without_body)
        finally:
            scope["method"] = "HEAD"
