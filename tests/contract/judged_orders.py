"""Orders that two clients carry out alike: what to call, and what to read from what came back.

An order is JSON, since one of the clients is in a process of its own. Nothing of either client is imported
here: names, arguments and attributes are the ones that users of PCS know.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from datetime import datetime
from enum import Enum

BATCH_FIELDS = (
    *("id", "user_id", "project_id", "created_at", "updated_at", "open", "complete", "device_type", "status"),
    *("jobs_count", "jobs_count_per_status", "start_datetime", "end_datetime", "device_status", "webhook"),
    *("backend_configuration", "tags", "parent_id"),
)
JOB_FIELDS = (
    *("id", "batch_id", "project_id", "status", "runs", "variables", "created_at", "updated_at", "errors"),
    *("start_timestamp", "end_timestamp", "parent_id"),
)
DATES = ("start_date", "end_date")


def order(call, *then, read=(), token=True, **arguments):
    """An order.

    Args:
        call: A method of the client.

        then: Methods of what it returned, called one after the other: a path, or a path and arguments.

        read: What is read at last, beside the fields of the tables; `ordered_jobs.0.sequence` is a path.

        token: Whether the client has a token.

        arguments: Of the call; one that begins with `@` is a path.
    """
    steps = [[step, {}] if isinstance(step, str) else list(step) for step in then]
    return {"call": call, "with": arguments, "then": steps, "read": list(read), "token": token}


def carried_out(client, order, refusals):
    """What a client reads, and the deprecations that it speaks of.

    Args:
        refusals: The errors that stand for a refusal; their names are compared.
    """
    with warnings.catch_warnings(record=True) as spoken:
        warnings.simplefilter("always", DeprecationWarning)
        try:
            found = getattr(client, order["call"])(**order["with"])
            for path, arguments in order["then"]:
                _at(found, path)(**{name: _given(found, value) for name, value in arguments.items()})
            read = _shown(found, order["read"])
        except refusals as error:
            read = type(error).__name__
    return json.loads(json.dumps({"read": read, "warned": [each.category.__name__ for each in spoken]}))


def dated(filters):
    """Filters with dates instead of their texts."""
    return {
        name: datetime.fromisoformat(value) if name in DATES else value for name, value in filters.items()
    }


def _at(value, path):
    for name in path.split("."):
        value = value[int(name)] if name.isdigit() else getattr(value, name)
    return value


def _given(found, argument):
    is_path = isinstance(argument, str) and argument.startswith("@")
    return _at(found, argument[1:]) if is_path else argument


def _shown(value, paths=()):
    if isinstance(value, Mapping):
        return {str(key): _shown(each, paths) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(each, paths) for each in value]
    if isinstance(value, Enum):
        return value.value
    names = JOB_FIELDS if hasattr(value, "batch_id") else BATCH_FIELDS if hasattr(value, "jobs_count") else ()
    if not names:
        return value
    return {path: _shown(_at(value, path)) for path in (*names, *paths)}
