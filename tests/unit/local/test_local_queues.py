"""Which pending jobs may start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from runner.local.queues import DeviceQueue, Waiting, is_exclusive, startable, without

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def waiting(name, order=None):
    """Job `b1` is a job of batch `b`, which is older than batch `c`; it was added first unless it is said."""
    return Waiting(
        job_id=name,
        batch_id=name[0],
        batch_created_at=T0 + timedelta(seconds=ord(name[0])),
        order=int(name[1:]) if order is None else order,
    )


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
    assert expected == startable(queues, free)


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
