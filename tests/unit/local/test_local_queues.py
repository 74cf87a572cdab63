"""Which pending jobs may start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from runner.local.rules import queue_policy as local_queues
from runner.local.rules.queue_policy import (
    NOTHING_SHARED,
    DeviceQueue,
    FreeWorkers,
    Shares,
    Waiting,
    is_exclusive,
    without,
)

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def startable(queues, free, shares=NOTHING_SHARED, *, free_for_long=99):
    """What starts, with room for as many long jobs as there may be."""
    return local_queues.startable(queues, FreeWorkers(free, free_for_long), shares)


def waiting(name, order=None, project_id="", *, is_long=False):
    """Job `b1` is a job of batch `b`, which is older than batch `c`; it was added first unless it is said."""
    return Waiting(
        job_id=name,
        batch_id=name[0],
        batch_created_at=T0 + timedelta(seconds=ord(name[0])),
        order=int(name[1:]) if order is None else order,
        project_id=project_id,
        is_long=is_long,
    )


def ids(started):
    """The jobs that start, by their ids."""
    return tuple(each.job_id for each in started)


def of(project_id, *names):
    """Jobs of a project; those with an L behind the name are long."""
    return [waiting(name.rstrip("L"), project_id=project_id, is_long=name.endswith("L")) for name in names]


def queue(device_type, *names, **fields):
    """A queue with these jobs."""
    jobs = tuple(name if isinstance(name, Waiting) else waiting(name) for name in names)
    return DeviceQueue(device_type=device_type, waiting=jobs, **fields)


@pytest.mark.parametrize(
    ("queues", "free", "expected"),
    [
        pytest.param(
            [queue("EMU_FREE", "c2", "b1", "b3")], 9, ("b1", "c2", "b3"), id="emulator: all, in order"
        ),
        pytest.param([queue("EMU_FREE", "b1", "b2", "b3")], 2, ("b1", "b2"), id="emulator: as many as fit"),
        pytest.param([queue("EMU_FREE", "b1", n_running=7)], 1, ("b1",), id="emulator: beside running ones"),
        pytest.param([queue("EMU_FREE", "b1")], 0, (), id="nothing fits"),
        pytest.param([queue("EMU_FREE", "b1")], -3, (), id="less than nothing fits"),
        pytest.param([queue("FRESNEL", "b1", "b2")], 9, ("b1",), id="machine: one job at a time"),
        pytest.param([queue("FRESNEL", "b1", n_running=1)], 9, (), id="machine: busy"),
        pytest.param(
            [queue("FRESNEL", waiting("c1", 1), waiting("b2", 2))],
            9,
            ("b2",),
            id="machine: the older batch, although its jobs were added later",
        ),
        pytest.param([queue("FRESNEL", "b1", "c2", holder="c")], 9, ("c2",), id="machine: who holds it"),
        pytest.param([queue("FRESNEL", "b1", holder="c")], 9, (), id="machine: held by a batch that is idle"),
        pytest.param(
            [queue("FRESNEL", "b3"), queue("FRESNEL_CAN1", "c1"), queue("EMU_FREE", "d2")],
            9,
            ("c1", "d2", "b3"),
            id="devices do not wait for each other",
        ),
        pytest.param([queue("SOMETHING_NEW", "b1", "b2")], 9, ("b1",), id="an unknown device is a machine"),
    ],
)
def test_startable_jobs(queues, free, expected):
    """Emulators run what fits in the order of addition, a machine one job of one batch."""
    assert expected == ids(startable(queues, free))


MANY = of("many", *(f"b{n}" for n in range(1, 301)))


@pytest.mark.parametrize(
    ("jobs", "free", "shares", "expected"),
    [
        pytest.param(
            [*MANY, *of("few", "c900")], 3, Shares(), ("b1", "c900", "b2"), id="one job behind three hundred"
        ),
        pytest.param(
            [*MANY, *of("few", "c900")],
            1,
            Shares(turns={"many": 7}),
            ("c900",),
            id="one worker: who was served longest ago",
        ),
        pytest.param(
            [*MANY, *of("few", "c900", "c901")],
            2,
            Shares(running={"many": 2}, turns={"few": 9, "many": 8}),
            ("c900", "c901"),
            id="of whom fewer run, whoever was served last",
        ),
        pytest.param(
            [*of("x", "b1", "b4"), *of("y", "c2"), *of("z", "d3")],
            9,
            Shares(),
            ("b1", "c2", "d3", "b4"),
            id="in turns",
        ),
        pytest.param(
            MANY, 2, Shares(running={"many": 5}), ("b1", "b2"), id="alone there is nobody to share with"
        ),
    ],
)
def test_projects_share(jobs, free, shares, expected):
    """Fewest running first, then who was served longest ago; within a project nothing changes."""
    assert expected == ids(startable([queue("EMU_FREE", *jobs)], free, shares))


@pytest.mark.parametrize(
    ("jobs", "free", "free_for_long", "expected"),
    [
        pytest.param(["b1L", "b2L", "b3"], 2, 1, ("b1", "b3"), id="as many long ones as may be"),
        pytest.param(["b1L", "b2L", "b3"], 1, 0, ("b3",), id="none while others are at work"),
        pytest.param(["b1L", "b2L"], 2, -1, (), id="rather nothing"),
        pytest.param(["b1", "b2L", "b3L"], 3, 2, ("b1", "b2", "b3"), id="in order while there is room"),
    ],
)
def test_long_jobs_do_not_get_every_worker(jobs, free, free_for_long, expected):
    """What is short goes before long jobs for which there is no room."""
    queues = [queue("EMU_MPS", *of("x", *jobs))]

    assert expected == ids(startable(queues, free, free_for_long=free_for_long))


def test_long_job_holds_up_its_own_machine_only():
    """A machine runs its jobs in their order; other devices go on."""
    queues = [queue("FRESNEL", *of("x", "b1L", "b2")), queue("EMU_FREE", *of("x", "c3"))]

    assert ("c3",) == ids(startable(queues, 9, free_for_long=0))


def test_projects_share_a_machine_by_batches():
    """Its next batch is the oldest one of the project whose turn it is; one that holds it keeps it."""
    jobs = [*of("many", "b1", "c2"), *of("few", "d3")]
    shares = Shares(turns={"many": 4})

    assert [("d3",), ("c2",)] == [
        ids(startable([queue("FRESNEL", *jobs, holder=holder)], 9, shares)) for holder in (None, "c")
    ]


def test_turns_count_over_all_devices():
    """What starts for one device is a share for the others, in the same step."""
    queues = [queue("EMU_FREE", *of("x", "b1", "b2")), queue("EMU_SV", *of("x", "b3"), *of("y", "c4"))]

    assert ("b1", "c4", "b2", "b3") == ids(startable(queues, 9))


def test_order_of_the_snapshot_does_not_matter():
    """The decision depends on what waits, not on how it is listed."""
    jobs = [waiting("c1", 1), waiting("b2", 2), waiting("b3", 3)]

    assert startable([queue("FRESNEL", *jobs)], 3) == startable([queue("FRESNEL", *reversed(jobs))], 3)


def test_only_emulators_are_shared():
    """Names that begin with EMU_ are emulators, all others are machines."""
    names = ["EMU_FREE", "EMU_FRESNEL", "FRESNEL", "FRESNEL_CAN1", "ORION"]

    assert [is_exclusive(name) for name in names] == [False, False, True, True, True]


def test_queues_lose_what_is_left_out():
    """Whole devices, and single batches of the others; what runs there stays known."""
    queues = (queue("EMU_FREE", "b1", "c1", n_running=1), queue("FRESNEL", "d1"))

    assert (queue("EMU_FREE", "c1", n_running=1),) == without(queues, {"FRESNEL"}, {"b"})
