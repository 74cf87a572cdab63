"""The dashboard as a web application: addresses to pages, pictures and news. Read-only."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

import runner.pages
from runner.dashboard.comparisons import Comparisons
from runner.dashboard.pages.spending import as_csv, spending
from runner.dashboard.protection import COOKIE, HEADERS, PICTURE_HEADERS
from runner.dashboard.site import Fragments, Verdicts, as_json, html, page, sources
from runner.pages import rendered
from runner.reconcile import utc_now

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from runner.dashboard.lookout import Lookout
    from runner.dashboard.pictures import Pictures
    from runner.dashboard.protection import Protection
    from runner.dashboard.sight import Sight

_JSON: Final = ".json"
_LOGIN: Final = "/login"
_FOR_ALL: Final = (_LOGIN, "/style.css", "/icon.svg", "/favicon.ico")  # what tells nothing of a lab
_NEWS_EVERY_S: Final = 0.25
_BREATH_S: Final = 15.0
# A token is short, and guessed slowly.
_MOST_TOLD: Final = 4096
_AFTER_A_GUESS_S: Final = 0.5
_MOST_KEPT: Final = 64
_ASSETS: Final = {
    "style.css": (Path(runner.pages.__file__).parent / "templates" / "style.css", "text/css"),
    "icon.svg": (Path(__file__).parent / "templates" / "icon.svg", "image/svg+xml"),
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
            Route("/favicon.ico", lambda _: RedirectResponse("/icon.svg", 308, HEADERS)),
            Route("/experiments/{name}/{picture}.svg", pages.picture),
            Route("/spend/index.csv", pages.table),
            Route("/{path:path}", pages.page),
        ],
        middleware=[
            Middleware(_Guard, protection=protection),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=6),
        ],
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
        elif scope["path"] not in _FOR_ALL and not self._protection.is_known(request.cookies.get(COOKIE)):
            is_page = "text/html" in request.headers.get("accept", "")
            refused = PlainTextResponse("a token is needed", 401, HEADERS)
            answer = RedirectResponse(_LOGIN, 303, HEADERS) if is_page else refused
        await (answer or self._app)(scope, receive, send)


class _Kept:
    """Pages as they are at one version, so that many who look cost as much as one."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._version = -1
        self._pages: OrderedDict[object, tuple[str, bytes] | None] = OrderedDict()

    def of(self, version: int, asked: object, make: Callable[[], tuple[str, bytes] | None]) -> Response:
        """A page of a kind and a text, made when it is first asked for at a version."""
        with self._turn:
            if version != self._version:
                self._version = version
                self._pages.clear()
            if asked not in self._pages:
                self._pages[asked] = make()
                if len(self._pages) > _MOST_KEPT:
                    self._pages.popitem(last=False)
            made = self._pages[asked]
        if made is None:
            return PlainTextResponse("there is no such page", 404, HEADERS)
        return Response(made[1], media_type=made[0], headers=HEADERS)


class _Pages:
    def __init__(self, lookout: Lookout, protection: Protection, pictures: Pictures) -> None:
        self._lookout, self._protection, self._pictures = lookout, protection, pictures
        self._kept, self._fragments = _Kept(), Fragments()
        self._comparisons, self._verdicts = Comparisons(lookout), Verdicts()

    async def page(self, request: Request) -> Response:
        """A page, as HTML or with `index.json` behind its address as data."""
        path = request.path_params["path"]
        wants_json = path.endswith(f"index{_JSON}")
        path = path.removesuffix(f"index{_JSON}") if wants_json else path
        if path and not path.endswith("/"):
            # With two slashes in front, an address would be another host's.
            return RedirectResponse(f"/{path.lstrip('/')}/", 307, HEADERS)
        asked = dict(request.query_params)
        return await asyncio.to_thread(self._answer, path, asked, wants_json)

    def _answer(self, path: str, asked: dict[str, str], wants_json: bool) -> Response:
        sight = self._lookout.sight
        key = (path, tuple(sorted(asked.items())), wants_json)
        return self._kept.of(sight.version, key, lambda: self._made(sight, path, asked, wants_json))

    def _made(
        self, sight: Sight, path: str, asked: dict[str, str], wants_json: bool
    ) -> tuple[str, bytes] | None:
        known = sources(self._lookout.project, self._comparisons.of, self._verdicts)
        made = page(sight, path, asked, known)
        if made is None:
            return None
        if wants_json:
            return "application/json", as_json(made.data).encode()
        root = "../" * path.count("/")
        return "text/html", html(sight, made, root=root, is_live=True, fragments=self._fragments).encode()

    async def asset(self, request: Request) -> Response:
        """The style sheet, or the script."""
        path, kind = _ASSETS[request.url.path.removeprefix("/")]
        return Response(path.read_bytes(), media_type=kind, headers=HEADERS)

    async def picture(self, request: Request) -> Response:
        """A picture of an experiment, as SVG."""
        name, kind = request.path_params["name"], request.path_params["picture"]
        drawn = await asyncio.to_thread(self._pictures.drawn, self._lookout.sight, name, kind)
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
            told = parse_qs((await _beginning(request)).decode("utf-8", "replace")).get("token", [""])[0]
            if self._protection.is_token(told):
                answer = RedirectResponse("/", 303, HEADERS)
                answer.set_cookie(COOKIE, self._protection.cookie, httponly=True, samesite="strict", path="/")
                return answer
            failed = True
            await asyncio.sleep(_AFTER_A_GUESS_S)
        text = rendered("runner.dashboard", "login.html", failed=failed)
        return HTMLResponse(text, 403 if failed else 200, HEADERS)


async def _beginning(request: Request) -> bytes:
    """The beginning of what is sent; the rest is not kept."""
    told = b""
    async for part in request.stream():
        told = (told + part)[:_MOST_TOLD]
    return told
