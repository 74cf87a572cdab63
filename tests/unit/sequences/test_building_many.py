"""Many jobs: built by several processes, or before; what is said of them stays the same."""

from __future__ import annotations

import sys

import numpy as np
import pulser
import pytest
from pulser.sampler import sample

from runner.domain import job_key
from runner.errors import SpecError
from runner.sequences import Nothing, compiled
from runner.sequences.check import jobs as judging
from runner.sequences.check.job_check import build_result
from runner.sequences.check.process_pool import built_by_others, built_here, processes_for, while_wanted
from runner.sequences.compiled import Built
from runner.spec import parse

FILE = """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: pair}
spec:
  device_type: EMU_FREE
  sequence:
    device: AnalogDevice
    register: {chain: {n_qubits: 2, spacing_um: 6.0}}
    channels: {ising: rydberg_global}
    variables: {omega: float, t_ns: int}
    operations:
      - pulse: {channel: ising, amplitude: {constant: {duration_ns: t_ns, value: omega}}, detuning: 0.0}
  jobs:
    - {runs: 50, sweep: {omega: [1, OMEGA], t_ns: [100, 101, 200]}}
"""
GOOD = FILE.replace("OMEGA", "2")
TOO_STRONG = FILE.replace("OMEGA", "20")


explain = judging._explain


class Remembering(Nothing):
    """Remembers the jobs of one sequence, and counts those it could not tell."""

    def __init__(self):
        self.known, self.text = {}, None

    def jobs(self, text):
        """What was kept, if it was for this sequence."""
        return self.known if text == self.text else {}

    def keep(self, text, jobs):
        """Keeps it."""
        self.known, self.text = dict(jobs), text


def experiment_of(text, former=None):
    """What a file compiles to."""
    return compiled(parse(text, path="x.yaml"), former=former)


def said_of(text, former=None):
    """Problems of a file, as they are printed."""
    with pytest.raises(SpecError) as caught:
        experiment_of(text, former)
    return str(caught.value)


def test_other_processes_build_what_we_would():
    """Each builds some, and answers for the right ones; 101 ns are rounded, and 20 rad/µs are a fault."""
    text = experiment_of(GOOD).experiment.sequence
    jobs = [{"omega": omega, "t_ns": t_ns} for omega in (1.0, 20.0) for t_ns in (100, 101, 200, 300)]
    clock = "A duration of # ns is not a multiple of the channel's clock period (# ns)."
    rounded = Built(104, f"{clock} It was rounded up to # ns.")
    expected = [Built(100), rounded, Built(200), Built(300), None, None, None, None]

    assert expected == built_here(text, jobs)
    assert expected == built_by_others(text, jobs, processes=2)


def test_jobs_that_no_other_process_builds_are_left_to_us(monkeypatch):
    """Whatever keeps it from working."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    assert [None, None] == built_by_others("{}", [{}, {}], processes=2)


@pytest.mark.parametrize(
    ("jobs", "cores", "expected"), [(7999, 8, 1), (8000, 8, 2), (100_000, 4, 4), (100_000, 99, 16)]
)
def test_processes_are_as_many_as_the_jobs_are_worth(jobs, cores, expected):
    """Each takes a second to begin; fewer than two are none."""
    assert expected == processes_for(jobs, cores)


def test_jobs_that_were_built_before_are_not_built_again():
    """One more job in a file is one job to build; what kind of thing is to be said is kept with it."""
    former = Remembering()
    first = experiment_of(GOOD, former).experiment
    told = {job.key: (job.duration_ns, job.variables["t_ns"] == 101) for job in first.jobs}

    assert told == {key: (built.duration_ns, built.warned != "") for key, built in former.known.items()}
    former.known = {job_key({"omega": 1.0, "t_ns": 100}): Built(96)}
    assert [96, 104, 200, 100, 104, 200] == [
        j.duration_ns for j in experiment_of(GOOD, former).experiment.jobs
    ]


def test_of_many_jobs_that_warn_all_are_counted_and_few_are_built_twice(monkeypatch):
    """The first ones lead to the operation; what is said of the others is the same, but for the numbers."""
    replayed = []
    monkeypatch.setattr(judging, "_explain", lambda job, *rest: replayed.append(job) or explain(job, *rest))
    many = GOOD.replace("[100, 101, 200]", "{range: [101, 1297, 4]}")
    former = Remembering()
    (first,) = experiment_of(many, former).warnings
    alone = len(replayed)
    (second,) = experiment_of(many, former).warnings

    assert first.message == second.message
    assert "omega=1,t_ns=101 and 599 more: " in first.message
    assert (100, 200) == (alone, len(replayed))


@pytest.mark.parametrize("text", [GOOD, TOO_STRONG], ids=["good", "too strong"])
def test_the_same_is_said_the_second_time(text):
    """Warnings and faults too."""

    def told(former):
        try:
            return [str(each) for each in experiment_of(text, former).warnings]
        except SpecError as error:
            return str(error)

    former = Remembering()

    assert told(None) == told(former) == told(former)
    assert former.known


def test_another_sequence_is_another_matter():
    """What was built for one says nothing of another."""
    former = Remembering()
    experiment_of(GOOD, former)

    assert "12.5664 at most" in said_of(GOOD.replace("value: omega", "value: 10 * omega"), former)


def is_finite_to_the_sampler(sequence):
    """Whether Pulser samples only numbers."""
    return all(
        np.isfinite(np.asarray(values)).all()
        for channel in sample(sequence).channel_samples.values()
        for values in (channel.amp, channel.det, channel.phase)
    )


@pytest.mark.parametrize("value", [1.0, np.inf, np.nan])
@pytest.mark.parametrize("what", ["detuning", "phase", "post_phase_shift", "eom", "dmm"])
def test_what_is_played_is_finite_or_refused(what, value):
    """As Pulser's sampler would find, which takes as long as to build the job."""
    device = pulser.AnalogDevice if what == "eom" else pulser.MockDevice
    sequence = pulser.Sequence(pulser.Register.square(2, 6, prefix="q"), device)
    sequence.declare_channel("drive", "rydberg_global")
    x = sequence.declare_variable("x", dtype=float)
    given = {name: x if name == what else 0.0 for name in ("detuning", "phase", "post_phase_shift")}
    sequence.add(pulser.Pulse.ConstantPulse(100, 1.0, **given), "drive")
    sequence.add(pulser.Pulse.ConstantPulse(100, 1.0, 0.0, 0.0), "drive")
    if what == "eom":
        sequence.enable_eom_mode("drive", 1.0, x)
        sequence.add_eom_pulse("drive", 100, 0.0)
    if what == "dmm":
        sequence.config_detuning_map(sequence.register.define_detuning_map({"q0": 1.0}), "dmm_0")
        sequence.add_dmm_detuning(pulser.ConstantWaveform(100, -1.0 * x), "dmm_0")
    try:
        expected = is_finite_to_the_sampler(sequence.build(x=value))
    except Exception:  # noqa: BLE001  (of any kind: it is refused)
        expected = False

    assert expected == (build_result(sequence, {}, {"x": value}).fault is None)
    assert expected == (value == 1.0)


def test_a_process_stops_building_once_nobody_waits_for_it():
    """Whoever started it may have been killed, which no process can answer; its jobs are then left."""
    parents = iter([7, 7, 7, 1])
    asked = while_wanted([{"t": 1}, {"t": 2}, {"t": 3}], lambda: next(parents))

    assert [{"t": 1}, {"t": 2}] == [next(asked), next(asked)]
    with pytest.raises(SystemExit):
        next(asked)
