"""The calls that change how the cloud behaves; PCS has none of them, and they are there only when enabled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.local.protocol import request_models, serializers
from runner.local.protocol.control import Paused
from runner.local.protocol.messages import json_body

if TYPE_CHECKING:
    from runner.local.api.call_context import Call
    from runner.local.protocol.messages import Answer


def faults(call: Call) -> Answer:
    """GET /control/faults: the rules in force, and how often each was looked at and applied."""
    found = [
        {"rule": rule.model_dump(), "seen": tally.seen, "fired": tally.fired}
        for rule, tally in call.control.rules()
    ]
    return serializers.success(found)


def set_faults(call: Call) -> Answer:
    """PUT /control/faults: these rules in place of those in force; a bare list, empty for none."""
    call.control.set_rules(request_models.rules_body(json_body(call.request)))
    return faults(call)


def paused(call: Call) -> Answer:
    """GET /control/paused: device types and batches of which nothing starts."""
    now = call.control.paused
    return serializers.success({"devices": sorted(now.device_types), "batches": sorted(now.batch_ids)})


def set_paused(call: Call) -> Answer:
    """PUT /control/paused: these device types and batches are paused, all others go on."""
    body = request_models.paused_body(json_body(call.request))
    call.control.pause(Paused(frozenset(body.devices), frozenset(body.batches)))
    call.announce()
    return paused(call)
