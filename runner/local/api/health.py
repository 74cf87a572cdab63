"""The calls that say who answers and what it takes, and the one for what it has not."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING

from runner.local.protocol import serializers
from runner.local.protocol.messages import Answer, json_answer

if TYPE_CHECKING:
    from runner.local.api.call_context import Call
    from runner.local.engines.base import EngineState

_LOG = logging.getLogger(__name__)


def front(call: Call) -> Answer:
    """What this server is, in words."""
    lines = (
        "This is the local cloud of pulser-runner: the HTTP API of Pasqal Cloud Services on this machine.",
        f"Version: {call.about.get('version', 'unknown')}",
        "Its calls stand below /api/, also as /core-fast/api/ and /account/api/; all of them: /openapi.json",
        "Its device types:",
        *(f"  {device.said}" for device in call.control.devices.values() if not device.gone),
        "Documentation: docs/local-cloud.md of the project, or `runner local serve --help`",
        "Whether it is there: /health",
    )
    body = "".join(f"{line}\n" for line in lines).encode()
    return Answer(status=200, headers=(("content-type", "text/plain; charset=utf-8"),), body=body)


def health(call: Call) -> Answer:
    """Which server this is."""
    if "pid" not in call.about:  # who asks has no token
        return json_answer(200, dict(call.about))
    wrong = _wrong(call.condition())
    return json_answer(200, dict(call.about) | {name: value for name, value in wrong.items() if value})


def queues(call: Call) -> Answer:
    """How many workers there are, and what waits for them, by project; PCS has no such call."""
    lines = call.store.lines()
    shown = [each for each in lines if call.project in {None, each.project_id}]
    others = [each for each in lines if each not in shown]
    return serializers.success(
        {
            "workers": call.workers(),
            **_wrong(call.condition()),
            "queues": [asdict(each) for each in shown],
            "others": {
                "pending": sum(each.pending for each in others),
                "running": sum(each.running for each in others),
            },
        }
    )


def _wrong(condition: EngineState) -> dict[str, object]:
    """Why jobs wait, and why workers get none."""
    return {
        "complaints": [*condition.complaints, *dict.fromkeys(condition.lacking.values())],
        "left_out": dict(condition.left_out),
    }


def openapi(call: Call) -> Answer:
    """This document."""
    return json_answer(200, call.document())


def unsupported(call: Call) -> Answer:
    """A call of PCS that is not available on the local cloud."""
    request = call.request
    _LOG.warning("%s %r is not available on the local cloud", request.method, request.path)
    return serializers.failure(501, "This call of PCS is not available on the local cloud.")
