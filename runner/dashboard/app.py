"""The dashboard as a web application: addresses to pages, pictures and news. Read-only."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

import runner.pages
from runner.dashboard.pages.spending import as_csv, spending
from runner.dashboard.protection import COOKIE, HEADERS, PICTURE_HEADERS
from runner.dashboard.site import html, page
from runner.errors import RunnerError
from runner.pages import rendered
from runner.reconcile import utc_now

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Receive, Scope, Send

    from runner.dashboard.lookout import Lookout
    from runner.dashboard.pictures import Pictures
    from runner.dashboard.protection import Protection

_JSON: Final = ".json"
_LOGIN: Final = "/login"
_NEWS_EVERY_S: Final = 0.25
_BREATH_S: Final = 15.0
_ASSETS: Final = {
    "style.css": (Path(runner.pages.__file__).parent / "templates" / "style.css", "text/css"),
    "live.js": (Path(__file__).parent / "templates" / "live.js", "text/javascript"),
}


def application(lookout: Lookout, protection: Protection, pictures: Pictures) -> Starlette:
    """The application that shows what a lookout sees."""
    pages = _Pages(lookout, protection, pictures)
    return Starlette(
        routes=[
            Route(_LOGIN, pages.login, methods=["GET", "POST"]),
            Route("/events", pages.news),
            *(Route(f"/{name}", pages.asset) for name in _ASSETS),
            Route("/experiments/{name}/{picture}.svg", pages.picture),
            Route("/spend/index.csv", pages.table),
            Route("/{path:path}", pages.page),
        ],
        middleware=[Middleware(_Guard, protection=protection), Middleware(GZipMiddleware, minimum_size=1000)],
    )


class _Guard:
    """Refuses what is not meant for us, and asks for the token."""

    def __init__(self, app: ASGIApp, protection: Protection) -> None:
        self._app, self._protection = app, protection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands a request on, or answers it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        answer: Response | None = None
        if not self._protection.is_meant(request.headers):
            answer = PlainTextResponse("this address, or the page that asks, is not ours", 403, HEADERS)
        elif not self._protection.is_known(request.cookies.get(COOKIE)) and request.url.path != _LOGIN:
            is_page = "text/html" in request.headers.get("accept", "")
            answer = RedirectResponse(_LOGIN, 303) if is_page else PlainTextResponse("a token is needed", 401)
        await (answer or self._app)(scope, receive, send)


class _Pages:
    def __init__(self, lookout: Lookout, protection: Protection, pictures: Pictures) -> None:
        self._lookout, self._protection, self._pictures = lookout, protection, pictures

    async def page(self, request: Request) -> Response:
        """A page, as HTML or with `index.json` behind its address as data."""
        path = request.path_params["path"]
        wants_json = path.endswith(f"index{_JSON}")
        path = path.removesuffix(f"index{_JSON}") if wants_json else path
        if path and not path.endswith("/"):
            return RedirectResponse(f"/{path}/", 307, HEADERS)
        return await asyncio.to_thread(self._answer, path, dict(request.query_params), wants_json)

    def _answer(self, path: str, asked: dict[str, str], wants_json: bool) -> Response:
        sight = self._lookout.sight
        made = page(sight, path, asked, self._read)
        if made is None:
            return PlainTextResponse("there is no such page", 404, HEADERS)
        if wants_json:
            return JSONResponse(_finite(made.data), headers=HEADERS)
        return HTMLResponse(html(sight, made, root="../" * path.count("/"), is_live=True), headers=HEADERS)

    def _read(self, path: str) -> str:
        try:
            return (self._lookout.project.root / path).read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            return f"# cannot be read: {error}"

    async def asset(self, request: Request) -> Response:
        """The style sheet, or the script."""
        path, kind = _ASSETS[request.url.path.removeprefix("/")]
        return Response(path.read_bytes(), media_type=kind, headers=HEADERS)

    async def picture(self, request: Request) -> Response:
        """A picture of an experiment, as SVG."""
        name, kind = request.path_params["name"], request.path_params["picture"]
        try:
            drawn = await asyncio.to_thread(self._pictures.drawn, self._lookout.sight, name, kind)
        except RunnerError as error:
            return PlainTextResponse(str(error), 404, HEADERS)
        if drawn is None:
            return PlainTextResponse("there is no such picture", 404, HEADERS)
        return Response(drawn, media_type="image/svg+xml", headers=PICTURE_HEADERS)

    async def table(self, request: Request) -> Response:
        """What was spent, as CSV."""
        del request
        text = as_csv(spending(self._lookout.sight, utc_now().date()))
        return Response(text, media_type="text/csv; charset=utf-8", headers=HEADERS)

    async def news(self, request: Request) -> Response:
        """Server-sent events: a number whenever there is something new."""
        headers = HEADERS | {"X-Accel-Buffering": "no"}
        return StreamingResponse(self._versions(request), media_type="text/event-stream", headers=headers)

    async def _versions(self, request: Request) -> AsyncIterator[str]:
        told, silent_s = -1, 0.0
        while not await request.is_disconnected() and not self._lookout.is_ended:
            version = self._lookout.sight.version
            if version != told:
                told, silent_s = version, 0.0
                yield f"data: {version}\n\n"
            elif silent_s >= _BREATH_S:
                silent_s = 0.0
                yield ": still here\n\n"
            await asyncio.sleep(_NEWS_EVERY_S)
            silent_s += _NEWS_EVERY_S

    async def login(self, request: Request) -> Response:
        """Asks for the token, and gives a cookie for it."""
        failed = False
        if request.method == "POST":
            body = (await request.body())[:4096].decode("utf-8", "replace")
            told = parse_qs(body).get("token", [""])[0]
            if self._protection.is_token(told):
                answer = RedirectResponse("/", 303, HEADERS)
                answer.set_cookie(COOKIE, self._protection.cookie, httponly=True, samesite="strict", path="/")
                return answer
            failed = True
        text = rendered("runner.dashboard", "login.html", failed=failed)
        return HTMLResponse(text, 403 if failed else 200, HEADERS)


def _finite(data: Any) -> Any:
    """The same without numbers that JSON cannot say."""
    return json.loads(json.dumps(data, default=str).replace("NaN", "null").replace("Infinity", "null"))
