"""What is the same depends on a file, its own batch and the target alone: never on which others are there."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from builders import a_wanted_job, an_experiment
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from targets_in_memory import EMULATED, PATIENCE, Lab

from runner.domain import job_key, own_sequence_key, recipe_digest
from runner.reconcile import Snapshot

NAMES = ("a", "b", "c", "d")


def a_sequence(atom, level):
    """A sequence without variables; its level is a constant of the device."""
    device = {
        "name": "MockDevice",
        "rydberg_level": level,
        "channels": [{"id": "rydberg_global", "basis": "ground-rydberg", "addressing": "Global"}],
    }
    said = {"register": [{"name": atom}], "device": device, "channels": {"c": "rydberg_global"}}
    return json.dumps(said | {"variables": {}, "operations": []})


SEQUENCES = st.builds(a_sequence, st.sampled_from(["q0", "q1"]), st.sampled_from([60, 70]))


@st.composite
def files(draw):
    """Experiments that share sequences: for all jobs, or for a job that has its own."""
    some = []
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=4, unique=True)):
        shared, runs = draw(SEQUENCES), draw(st.sampled_from([20, 30]))
        played = draw(st.dictionaries(st.sampled_from(["own", "too"]), SEQUENCES, max_size=2))
        # Of a device only the name tells the jobs of one file apart.
        own = {own_sequence_key(each): each for each in played.values()}
        common = draw(st.booleans()) or not own
        jobs = [
            replace(a_wanted_job(1, runs), variables={}, key=key, sequence=each) for key, each in own.items()
        ]
        some.append(an_own(name, shared if common else "", jobs, runs))
    return some


def an_own(name, shared, own, runs):
    """An experiment with a job that plays the shared sequence, if there is one, and with others."""
    first = [replace(a_wanted_job(1, runs), variables={}, key=_KEY)] if shared else []
    jobs = tuple(
        replace(job, name=f"{name}-{place}", qubit_ids=("q0",) if job.sequence else (), said_constants=("*",))
        for place, job in enumerate([*first, *own])
    )
    return replace(
        an_experiment(),
        name=name,
        sequence=shared,
        recipe=recipe_digest(device_type="EMU_FREE", sequence=shared),
        jobs=jobs,
        emulated=True,
        said_constants=("*",),
    )


_KEY = job_key({})


def measured(lab):
    """Runs on record, by experiment, recipe, point and constants of the device."""
    runs = Counter()
    for name in NAMES:
        for job in lab.records.of_experiment(name):
            runs[name, job.recipe, job.key, job.constants] += job.runs
    return runs


def applied(wanted, groups):
    """What is measured, and what is planned for each by itself and together, once groups were applied."""
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(Path(folder))
        try:
            first = plans(lab, wanted)
            for group in groups:
                lab.at(EMULATED).run([Snapshot(desired=each) for each in group], PATIENCE)
            return first, measured(lab), plans(lab, wanted)
        finally:
            lab.close()


def plans(lab, wanted):
    """The plan of each, alone and with all others; ids and times left out."""
    alone = [lab.at(EMULATED).look([Snapshot(desired=each)])[0].plan for each in wanted]
    together = [each.plan for each in lab.at(EMULATED).look([Snapshot(desired=each) for each in wanted])]
    return [said(each) for each in alone], [said(each) for each in together]


def said(plan):
    """What a plan comes to."""
    return plan.experiment, plan.sync, plan.health, plan.jobs, plan.cost, plan.notes


@settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink takes minutes
)
@given(files(), st.randoms())
def test_files_together_are_files_one_by_one(wanted, luck):
    """In any order the same is bought, and all of it; plans know nothing of each other."""
    shuffled = luck.sample(wanted, len(wanted))
    first, together, after = applied(wanted, [wanted])
    _, in_order, after_in_order = applied(wanted, [[each] for each in shuffled])

    assert together == in_order
    assert first[0] == first[1]
    assert after[0] == after[1] == after_in_order[0] == after_in_order[1]
    assert [0] * len(wanted) == [cost.runs for _, _, _, _, cost, _ in after[0]]
    assert sum(job.runs for each in wanted for job in each.jobs) == sum(together.values())
