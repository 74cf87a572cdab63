"""Which worker of a Dask cluster gets a job, and why others get none."""

from __future__ import annotations

import pytest

pytest.importorskip("distributed", reason="the package distributed (extra [dask]) is missing")


from runner.local.engines.dask_members import Load, Member, MemberRules, Silence, capacity, next_worker

WANTED = {
    "python": "3.11",
    "pulser-runner": "1",
    "pulser-core": "1",
    "pulser-simulation": "1",
    "qutip": "5",
    "numpy": "2",
    "emu-sv": "(none)",
    "emu-mps": "2.1",
}
RULES = MemberRules(wanted=WANTED, patience=Silence(silent_s=15.0))


def a_member(name="a", **fields):
    """A worker that is as it should be."""
    return Member(**{"address": name, "id": name, "packages": WANTED} | fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ""),
        ({"silent_s": 14.9}, ""),
        ({"silent_s": 15.0}, "nothing was heard of it for 15 s"),
        ({"packages": None}, "it has not said yet which versions it has"),
        ({"packages": None, "fault": "it did not answer"}, "it did not answer"),
        ({"packages": WANTED | {"qutip": "4"}}, "it has qutip 4 in place of 5"),
        ({"packages": {}}, "it has python None in place of 3.11"),
        ({"packages": WANTED | {"emu-mps": "(none)"}}, ""),
        ({"fault": "no module", "left_out_until_s": 101.0}, "no module"),
        ({"fault": "no module", "left_out_until_s": 100.0}, ""),
    ],
)
def test_worker_that_gets_no_job_is_told_why(fields, expected):
    """Whatever jobs need, and whether it is heard of; what single jobs need is another matter."""
    found = RULES.unfit(a_member(**fields), 100.0)

    assert (expected, bool(expected)) == (found[: len(expected)], bool(found))


def test_emulators_that_no_worker_has_are_lacking():
    """As long as there are workers at all: without any, all jobs wait for the same reason."""
    without = a_member("b", packages=WANTED | {"emu-mps": "2.0"})

    assert {} == RULES.lacking([], 0.0) == RULES.lacking([without, a_member()], 0.0)
    assert {"EMU_MPS": "no worker of the Dask cluster has emu-mps 2.1"} == RULES.lacking([without], 0.0)
    assert {} == RULES.lacking([a_member(packages=WANTED | {"emu-sv": "2.1"})], 0.0)
    assert [True, False] == [RULES.emulates(without, name) for name in ("FRESNEL", "EMU_MPS")]


def test_next_job_goes_where_there_is_least_to_do():
    """By threads; a long job counts twice, so that none waits behind it while others have nothing."""
    members = [a_member("a"), a_member("b"), a_member("c", n_threads=4)]
    loads = {"a": Load(attempts=1), "b": Load(attempts=1, long=1), "c": Load(attempts=3)}

    assert ["c", "a", None] == [
        found and found.address
        for found in (next_worker(members, loads), next_worker(members[:2], loads), next_worker([], loads))
    ]


def test_capacity_is_that_of_the_workers_that_get_jobs():
    """Two attempts a thread, none behind a long one; what a silent worker has takes no room from others."""
    members = [a_member("a"), a_member("b", n_threads=2)]

    assert [6, 5, 8, 0] == [
        capacity(members, {}),
        capacity(members, {"a": Load(attempts=1, long=1)}),
        capacity(members, {"silent": Load(attempts=2, long=1)}),
        capacity([], {}),
    ]
