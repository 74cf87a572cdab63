"""PCS's HTTP API without sockets: the table of routes, and how a request becomes an answer."""

from __future__ import annotations

import functools
import logging
import sqlite3
from typing import TYPE_CHECKING

from runner.local.api import batches as batch_calls
from runner.local.api import control as control_calls
from runner.local.api import devices as device_calls
from runner.local.api import health as about_calls
from runner.local.api import jobs as job_calls
from runner.local.api import openapi
from runner.local.api.auth import Gate
from runner.local.api.call_context import Call
from runner.local.api.operations import OPERATIONS, Access
from runner.local.api.routing import Found, Route, WrongMethod, bare_path, find
from runner.local.engines import base
from runner.local.protocol import serializers
from runner.local.protocol.faults import WELL
from runner.local.rules.errors import RefusalError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.local.engines.base import EngineState
    from runner.local.protocol.control import Control
    from runner.local.protocol.faults import Treatment
    from runner.local.protocol.messages import Answer, Request
    from runner.local.store.store import Store
    from runner.local.validation.sequence_facts import SequenceReader

_LOG = logging.getLogger(__name__)
# What a server says of itself to who has none of its tokens.
_PUBLIC = ("version", "instance")


ROUTES = (
    Route("POST", "/api/v1/batches", batch_calls.create),
    Route("GET", "/api/v1/batches", batch_calls.listed),
    Route("PATCH", "/api/v1/batches/cancel", batch_calls.cancel_several),
    Route("GET", "/api/v1/batches/{batch_id}/status", batch_calls.status),
    Route("GET", "/api/v1/batches/{batch_id}/full_results", batch_calls.full_results),
    Route("PATCH", "/api/v1/batches/{batch_id}/tags", batch_calls.set_tags),
    Route("POST", "/api/v1/batches/{batch_id}/rebatch", batch_calls.rebatch),
    Route("GET", "/api/v2/batches/{batch_id}", batch_calls.single),
    Route("POST", "/api/v2/batches/{batch_id}/jobs", batch_calls.add_jobs),
    Route("PATCH", "/api/v2/batches/{batch_id}/complete", batch_calls.close),
    Route("PATCH", "/api/v2/batches/{batch_id}/cancel", batch_calls.cancel),
    Route("PATCH", "/api/v2/batches/{batch_id}/cancel/jobs", batch_calls.cancel_jobs),
    Route("GET", "/api/v2/jobs", job_calls.listed),
    Route("GET", "/api/v2/jobs/{job_id}", job_calls.single),
    Route("PATCH", "/api/v2/jobs/{job_id}/cancel", job_calls.cancel),
    Route("GET", "/api/v1/jobs/{job_id}/status", job_calls.status),
    Route("GET", "/api/v1/jobs/{job_id}/results_link", job_calls.results_link),
    Route("GET", job_calls.RESULT_PATH + "{link}", job_calls.result),
    Route("GET", "/api/v1/devices", device_calls.devices),
    Route("GET", "/api/v1/devices/specs", device_calls.specs),
    Route("GET", "/api/v1/devices/specs/{device_type}", device_calls.one_spec),
    Route("GET", "/api/v1/devices/public-specs", device_calls.public_specs),
    Route("GET", "/api/v1/projects", device_calls.projects),
    Route("GET", "/", about_calls.front),
    Route("GET", "/health", about_calls.health),
    Route("GET", "/openapi.json", about_calls.openapi),
    Route("POST", "/api/v1/workloads", about_calls.unsupported),
    Route("GET", "/api/v2/workloads/{workload_id}", about_calls.unsupported),
    Route("PUT", "/api/v1/workloads/{workload_id}/cancel", about_calls.unsupported),
)


CONTROL_ROUTES = (
    Route("GET", "/control/faults", control_calls.faults),
    Route("PUT", "/control/faults", control_calls.set_faults),
    Route("GET", "/control/paused", control_calls.paused),
    Route("PUT", "/control/paused", control_calls.set_paused),
)


class Api:
    """Answers requests; safe to use from several threads.

    Args:
        store: What the calls read and write.

        sequences: What knows sequences.

        announce: Called after every change that may let something start.

        about: What `/health` answers.

        control: Who may ask, and what the control's calls change.

        condition: Says what is wrong with the engine.
    """

    def __init__(  # noqa: PLR0913  (what all calls are made of)
        self,
        store: Store,
        sequences: SequenceReader,
        *,
        announce: Callable[[], None],
        about: Mapping[str, object],
        control: Control,
        condition: Callable[[], EngineState] = lambda: base.NOTHING_WRONG,
    ) -> None:
        self._store = store
        self._sequences = sequences
        self._announce = announce
        self._about = about
        self._about_in_public = {name: about[name] for name in _PUBLIC if name in about}
        self._control = control
        self._condition = condition
        self._routes = ROUTES + (CONTROL_ROUTES if control.configuration.control.enabled else ())
        self._gate = Gate(control.configuration, control.key)
        self._document = functools.cache(lambda: openapi.document(self._routes, control.configuration))

    def handle(self, request: Request, treatment: Treatment = WELL) -> Answer:
        """The answer to a request. Never raises: a bug is a 500, a store that cannot be written a 503."""
        try:
            self._gate.require_known_origin(request)
            return self._routed(request, treatment)
        except RefusalError as error:
            return serializers.refusal(error)
        except sqlite3.OperationalError as error:
            _LOG.exception("the store failed at %s %s", request.method, request.path)
            return serializers.failure(503, f"The store cannot be used now: {error}.")
        except Exception:  # noqa: BLE001  (a bug must not take the server with it)
            _LOG.exception("%s %s failed", request.method, request.path)
            return serializers.failure(500, "The local cloud failed; its log says why.")

    def _routed(self, request: Request, treatment: Treatment) -> Answer:
        match find(self._routes, request.method, bare_path(request.path)):
            case Found(call, names):
                return call(self._call(request, names, treatment, self._project(request, call)))
            case WrongMethod(allowed):
                message = f"{request.method} is not possible here."
                return serializers.failure(405, message, None, ("allow", ", ".join(allowed)))
            case None:
                return serializers.failure(404, f"There is no {request.path} here.")

    def _project(self, request: Request, call: Callable[[Call], Answer]) -> str | None:
        match OPERATIONS[call].access:
            case Access.EVERYBODY:
                return None
            case Access.CONTROL:
                self._gate.require_control(request)
                return None
            case Access.PROJECT:
                return self._gate.project_of(request)

    def _call(
        self, request: Request, names: Mapping[str, str], treatment: Treatment, project: str | None
    ) -> Call:
        return Call(
            request=request,
            names=names,
            store=self._store,
            sequences=self._sequences,
            announce=self._announce,
            about=self._about if self._gate.knows(request) else self._about_in_public,
            document=self._document,
            control=self._control,
            treatment=treatment,
            project=project,
            condition=self._condition,
        )
