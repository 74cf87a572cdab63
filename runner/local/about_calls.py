"""The calls that say who answers and what it takes, and the one for what it has not."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from runner.local import payloads
from runner.local.messages import json_answer

if TYPE_CHECKING:
    from runner.local.calls import Call
    from runner.local.messages import Answer

_LOG = logging.getLogger(__name__)


def health(call: Call) -> Answer:
    """GET /health: which server this is, without an envelope."""
    return json_answer(200, dict(call.about))


def openapi(call: Call) -> Answer:
    """GET /openapi.json: all that can be asked, without an envelope."""
    return json_answer(200, call.document())


def unsupported(call: Call) -> Answer:
    """A call that PCS has and the local cloud has not."""
    request = call.request
    _LOG.warning("%s %r is not available on the local cloud", request.method, request.path)
    return payloads.failure(501, "This call of PCS is not available on the local cloud.")
