"""The calls about devices and projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.local.protocol import serializers
from runner.local.protocol.queries import DevicesQuery, ProjectsQuery, read_query
from runner.local.rules.device_types import served
from runner.local.rules.errors import UnknownThingError

if TYPE_CHECKING:
    from runner.local.api.call_context import Call
    from runner.local.protocol.messages import Answer

# A project id has to look like one of PCS's for its SDK.
DEFAULT_PROJECT = "00000000-0000-4000-8000-000000000000"


def specs(call: Call) -> Answer:
    """Specifications of all device types: Pulser's abstract representation of each."""
    return serializers.success(dict(call.sequences.device_specs()))


def one_spec(call: Call) -> Answer:
    """Specification of a device type."""
    device_type = call.names["device_type"]
    found = call.sequences.device_specs().get(device_type)
    if found is None:
        raise UnknownThingError(f"There is no device {device_type} here.")
    return serializers.success({"device_type": device_type, "specs": found})


def public_specs(call: Call) -> Answer:
    """Specifications of all device types, as a list."""
    found = call.sequences.device_specs()
    return serializers.success([{"device_type": name, "specs": text} for name, text in found.items()])


def devices(call: Call) -> Answer:
    """Device types that take batches."""
    wanted = read_query(DevicesQuery, call.request.query).device_type
    names = [device.name for device in served() if wanted is None or device.name in wanted]
    return serializers.success(
        [{"device_type": name, "status": "UP", "availability": "ACTIVE"} for name in names]
    )


def projects(call: Call) -> Answer:
    """Projects of the token."""
    statuses = read_query(ProjectsQuery, call.request.query).project_status
    if statuses is not None and "ACTIVE" not in statuses:
        return serializers.success([])
    if call.project is not None:
        return serializers.success([{"id": call.project, "name": call.project, "status": "ACTIVE"}])
    names = {DEFAULT_PROJECT: "local"} | {
        project_id: project_id for project_id in call.store.project_ids() if project_id != DEFAULT_PROJECT
    }
    return serializers.success([{"id": key, "name": name, "status": "ACTIVE"} for key, name in names.items()])
