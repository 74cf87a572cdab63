"""The calls that change how the cloud behaves; PCS has none of them, and they are there only when enabled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.local.protocol import serializers
from runner.local.protocol.control import Pauses
from runner.local.protocol.messages import json_body
from runner.local.protocol.request_models import PAUSED, RULES, read_model

if TYPE_CHECKING:
    from runner.local.api.call_context import Call
    from runner.local.protocol.messages import Answer


def faults(call: Call) -> Answer:
    """The faults that are made, and how often."""
    found = [
        {"rule": rule.model_dump(), "seen": tally.seen, "fired": tally.fired}
        for rule, tally in call.control.rules()
    ]
    return serializers.success(found)


def set_faults(call: Call) -> Answer:
    """Make these faults in place of those in force."""
    rules = read_model(RULES, json_body(call.request))
    call.control.set_rules(rules)
    return faults(call)


def paused(call: Call) -> Answer:
    """What is paused."""
    now = call.control.paused
    return serializers.success({"devices": sorted(now.device_types), "batches": sorted(now.batch_ids)})


def set_paused(call: Call) -> Answer:
    """Pause these device types and batches, and no others."""
    body = read_model(PAUSED, json_body(call.request))
    call.control.pause(Pauses(frozenset(body.devices), frozenset(body.batches)))
    call.announce()
    return paused(call)
