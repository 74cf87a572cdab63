"""PCS's HTTP API without sockets: the table of routes, and how a request becomes an answer."""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING

from runner.local import batch_calls, device_calls, job_calls, payloads
from runner.local.calls import Call
from runner.local.messages import require_loopback
from runner.local.refusals import RefusalError
from runner.local.routes import Found, Route, WrongMethod, find

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.local.messages import Answer, Request
    from runner.local.store import Store
    from runner.local.submissions import SequenceReader

_LOG = logging.getLogger(__name__)


def unsupported(call: Call) -> Answer:
    """A call that PCS has and the local cloud has not."""
    request = call.request
    _LOG.warning("%s %s is not available on the local cloud", request.method, request.path)
    return payloads.failure(501, "This call of PCS is not available on the local cloud.")


ROUTES = (
    Route("POST", "/api/v1/batches", batch_calls.create),
    Route("GET", "/api/v1/batches", batch_calls.listed),
    Route("PATCH", "/api/v1/batches/cancel", batch_calls.cancel_several),
    Route("GET", "/api/v1/batches/{batch_id}/status", batch_calls.status),
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
    Route("GET", "/health", device_calls.health),
    Route("POST", "/api/v1/workloads", unsupported),
    Route("GET", "/api/v2/workloads/{workload_id}", unsupported),
    Route("PUT", "/api/v1/workloads/{workload_id}/cancel", unsupported),
)


class Api:
    """Answers requests; safe to use from several threads.

    Args:
        store: What the calls read and write.

        sequences: What knows sequences.

        announce: Called after every change that may let something start.

        about: What `/health` answers.
    """

    def __init__(
        self,
        store: Store,
        sequences: SequenceReader,
        *,
        announce: Callable[[], None],
        about: Mapping[str, object],
    ) -> None:
        self._store = store
        self._sequences = sequences
        self._announce = announce
        self._about = about

    def handle(self, request: Request) -> Answer:
        """The answer to a request. Never raises: a bug is a 500, a store that cannot be written a 503."""
        try:
            require_loopback(request)
            return self._routed(request)
        except RefusalError as error:
            return payloads.refusal(error)
        except sqlite3.OperationalError as error:
            _LOG.exception("the store failed at %s %s", request.method, request.path)
            return payloads.failure(503, f"The store cannot be used now: {error}.")
        except Exception:  # noqa: BLE001  (a bug must not take the server with it)
            _LOG.exception("%s %s failed", request.method, request.path)
            return payloads.failure(500, "The local cloud failed; its log says why.")

    def _routed(self, request: Request) -> Answer:
        match find(ROUTES, request.method, request.path):
            case Found(call, names):
                return call(self._call(request, names))
            case WrongMethod(allowed):
                message = f"{request.method} is not possible here."
                return payloads.failure(405, message, None, ("allow", ", ".join(allowed)))
            case None:
                return payloads.failure(404, f"There is no {request.path} here.")

    def _call(self, request: Request, names: Mapping[str, str]) -> Call:
        return Call(
            request=request,
            names=names,
            store=self._store,
            sequences=self._sequences,
            announce=self._announce,
            about=self._about,
        )
