"""PCS's HTTP API without sockets: how a request becomes an answer."""

from __future__ import annotations

import functools
import logging
import sqlite3
from typing import TYPE_CHECKING

from runner.local.api import openapi
from runner.local.api.auth import Gate
from runner.local.api.routes import CONTROL_ROUTES, ROUTES, Access, Route, find
from runner.local.protocol import serializers
from runner.local.protocol.faults import WELL
from runner.local.rules.errors import RefusalError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.local.api.call_context import Call
    from runner.local.protocol.control import Control
    from runner.local.protocol.faults import Treatment
    from runner.local.protocol.messages import Answer, Request

LOG = logging.getLogger(__name__)
# What a server says of itself to who has none of its tokens.
_PUBLIC = ("version", "instance")


class Api:
    """Answers requests; safe to use from several threads.

    Args:
        new_call: Makes a call of what belongs to its request.

        control: Who may ask, and what the control's calls change.

        about: What `/health` answers.
    """

    def __init__(self, new_call: Callable[..., Call], control: Control, about: Mapping[str, object]) -> None:
        self._about = about
        self._about_in_public = {name: about[name] for name in _PUBLIC if name in about}
        self._routes = ROUTES + (CONTROL_ROUTES if control.configuration.control.enabled else ())
        self._gate = Gate(control.configuration, control.key)
        self._new_call = functools.partial(
            new_call,
            control=control,
            document=functools.cache(lambda: openapi.document(self._routes, control.configuration)),
        )

    def handle(self, request: Request, treatment: Treatment = WELL) -> Answer:
        """The answer to a request. Never raises: a bug is a 500, a store that cannot be written a 503."""
        try:
            self._gate.require_known_origin(request)
            return self._routed(request, treatment)
        except RefusalError as error:
            return serializers.refusal(error)
        except sqlite3.OperationalError as error:
            LOG.exception("the store failed at %s %s", request.method, request.path)
            return serializers.failure(503, f"The store cannot be used now: {error}.")
        except Exception:  # a bug must not take the server with it
            LOG.exception("%s %s failed", request.method, request.path)
            return serializers.failure(500, "The local cloud failed; its log says why.")

    def _routed(self, request: Request, treatment: Treatment) -> Answer:
        route, names = find(self._routes, request.method, request.path)
        return route.call(
            self._new_call(
                request=request,
                names=names,
                about=self._about if self._gate.knows(request) else self._about_in_public,
                treatment=treatment,
                project=self._project(request, route),
            )
        )

    def _project(self, request: Request, route: Route) -> str | None:
        if route.access is Access.CONTROL:
            self._gate.require_control(request)
        return self._gate.project_of(request) if route.access is Access.PROJECT else None
