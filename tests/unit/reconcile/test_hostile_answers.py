"""Every field of every answer, replaced by each of many hostile values: an error of ours, or no harm."""

from __future__ import annotations

import json
import os
import re
from copy import copy

import pytest
from test_views_that_lag import Lab, wanted

from runner.cloud import Answer
from runner.errors import RunnerError

HOSTILE = [
    None,
    True,
    0,
    -1,
    7,
    1.5,
    "",
    "x",
    [],
    ["x"],
    {},
    {"a": 1},
    [None],
    "9" * 5000,
    10**30,
    float("nan"),
    float("inf"),
    "\ud800",
    {"\ud800": "\ud800"},
    "2026-13-99",
    "x\x00y",
]
_NTH = 21
_ID = re.compile(r"[0-9a-f-]{20,}")


def route(request):
    """Method and path of a request, without ids."""
    return f"{request.method} {_ID.sub('ID', request.path)}"


def places(value, place=()):
    """Where something stands in an answer; of a list in its first entry."""
    yield place
    if isinstance(value, dict):
        for name, each in value.items():
            yield from places(each, (*place, name))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*place, 0))


def replaced(value, place, hostile):
    """A value with something else at a place; as it is where there is no such place."""
    if not place:
        return hostile
    try:
        inner = replaced(value[place[0]], place[1:], hostile)
    except (KeyError, IndexError, TypeError):
        return value
    changed = copy(value)
    changed[place[0]] = inner
    return changed


def applied(folder, change):
    """What two machines have bought with two runs each, and what stopped them."""
    lab, troubles = Lab(folder), []

    def send(request):
        answer = lab.cloud.answer(request)
        said = json.dumps(change(route(request), json.loads(answer.body)))
        return Answer(answer.status, answer.headers, said.encode())

    lab.send = send
    try:
        for machine in ("mine", "mine", "another"):
            try:
                lab.run(wanted(), machine, timeout_s=12.0)
            except RunnerError as error:
                troubles.append(str(error))
        return lab.bought(), troubles
    finally:
        lab.close()


def shapes(folder):
    """The places of all answers, by their routes."""
    found = {}

    def learn(name, said):
        found.setdefault(name, dict.fromkeys(places(said))).update(dict.fromkeys(places(said)))
        return said

    applied(folder, learn)
    return found


ROUTES = (
    "GET /api/v1/batches",
    "GET /api/v1/jobs/ID/results_link",
    "GET /api/v2/jobs",
    "PATCH /api/v2/batches/ID/complete",
    "POST /api/v1/batches",
    "POST /api/v2/batches/ID/jobs",
)


@pytest.mark.parametrize("name", ROUTES)
def test_no_answer_is_a_bug_of_the_runner(tmp_path, name):
    """Nor does a machine that has bought buy again, whatever it is told."""
    number, harmed = 0, []
    for turn, place in enumerate(shapes(tmp_path / "learnt")[name]):
        # Each place gets some of them here, and all with HOSTILE=all in the environment.
        some = HOSTILE if os.environ.get("HOSTILE") == "all" else HOSTILE[turn % _NTH :: _NTH]
        for hostile in some:
            number += 1

            def change(asked, said, place=place, hostile=hostile):
                return replaced(said, place, hostile) if asked == name else said

            bought, _ = applied(tmp_path / str(number), change)
            # A machine that has bought nothing knows nothing better than what it is told.
            if len(bought) > 2 or (len(bought) > 1 and name.startswith(("PATCH", "POST"))):
                harmed.append((place, hostile, bought))

    assert [] == harmed
    assert number >= 2 * len(HOSTILE) // _NTH
