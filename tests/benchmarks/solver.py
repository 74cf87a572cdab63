"""The solver against QuTiP's backend of Pulser: one job each, the whole result, one core.

`python tests/benchmarks/solver.py [--write docs/solver.md]` prints a table, or writes it between the marks
of a page. CPU time of each is the least of some runs in turns. What is wrong with a state is its distance
from the solver's own at an accuracy of 1e-9: for QuTiP it shows what splines make of the samples.
"""

from __future__ import annotations

import os

# As in the local cloud: one core a job.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pulser
from pulser.backend import BitStrings, StateResult
from pulser_simulation import QutipBackendV2, QutipConfig

from runner.emulation import SplitBackend, SplitConfig

N_RUNS = 3
MARKS = ("<!-- benchmark -->\n", "<!-- end of the benchmark -->\n")
ATOMS = (8, 10, 12)
EXACT = 1e-9


def ramp(n_atoms, device=pulser.AnalogDevice):
    """A ladder under a ramp of 4 µs: amplitude up, detuning through resonance, amplitude down."""
    sequence = _ladder(n_atoms, device)
    up, down = pulser.RampWaveform(800, 0.0, 8.0), pulser.RampWaveform(800, 8.0, 0.0)
    sequence.add(pulser.Pulse.ConstantDetuning(up, -10.0, 0.0), "global")
    sequence.add(pulser.Pulse.ConstantAmplitude(8.0, pulser.RampWaveform(2400, -10.0, 8.0), 0.0), "global")
    sequence.add(pulser.Pulse.ConstantDetuning(down, 8.0, 0.0), "global")
    return sequence


def blockaded_ramp(n_atoms):
    """The same on a device whose interactions are six times as strong."""
    return ramp(n_atoms, pulser.MockDevice)


def squares(n_atoms):
    """The same atoms under eight square pulses of 400 ns, each with a detuning and a phase of its own."""
    sequence = _ladder(n_atoms, pulser.AnalogDevice)
    for number in range(8):
        sequence.add(pulser.Pulse.ConstantPulse(400, 6.0, 3.0 * (-1) ** number, 0.3 * number), "global")
    return sequence


def _ladder(n_atoms, device):
    register = pulser.Register.rectangle(2, n_atoms // 2, spacing=6.5, prefix="q")
    sequence = pulser.Sequence(register, device)
    sequence.declare_channel("global", "rydberg_global")
    return sequence


WORKS = {
    "ramp of 4 µs": ramp,
    "the same, 6 times the interactions": blockaded_ramp,
    "eight square pulses": squares,
}


def _observables():
    return [StateResult(), BitStrings(num_shots=1000)]


def by_solver(sequence):
    """The final state, by the solver with its estimate."""
    config = SplitConfig(observables=_observables())
    return SplitBackend(sequence, config=config).run().final_state.amplitudes


def by_qutip(sequence):
    """The final state, by QuTiP."""
    config = QutipConfig(observables=_observables())
    return QutipBackendV2(sequence, config=config).run().final_state.to_qobj().full().ravel()


def distance(one, other):
    """The 2-norm of the difference of two states, up to a phase."""
    overlap = np.vdot(other, one)
    return float(np.linalg.norm(one - other * overlap / abs(overlap)))


def measured(sequence, emulators):
    """The least CPU time (in s) of each, and the state that it gave."""
    times, states = {}, {}
    for _ in range(N_RUNS):
        for name, emulate in emulators.items():
            began = time.process_time()
            states[name] = emulate(sequence)
            times[name] = min(times.get(name, np.inf), time.process_time() - began)
    return times, states


def table():
    """Lines of a table, a work and a number of atoms each."""
    yield "| work | atoms | solver (s) | QutipBackendV2 (s) | ratio | solver's error | QutipBackendV2's |"
    yield "|---|---|---|---|---|---|---|"
    for title, work in WORKS.items():
        for n_atoms in ATOMS:
            sequence = work(n_atoms)
            times, states = measured(sequence, {"solver": by_solver, "qutip": by_qutip})
            config = SplitConfig(observables=[StateResult()], accuracy=EXACT)
            exact = SplitBackend(sequence, config=config).run().final_state.amplitudes
            ratio = times["qutip"] / times["solver"]
            ours, theirs = (f"{distance(states[name], exact):.0e}" for name in ("solver", "qutip"))
            seconds = f"{times['solver']:.3f} | {times['qutip']:.3f}"
            yield f"| {title} | {n_atoms} | {seconds} | {ratio:.1f} | {ours} | {theirs} |"


def main():
    """Print the table, or write it into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="page whose table is replaced")
    page = parser.parse_args().write
    warnings.simplefilter("ignore")
    lines = "\n".join(table()) + "\n"
    sys.stdout.write(lines)
    if page is not None:
        before, _, rest = page.read_text(encoding="utf-8").partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        page.write_text(f"{before}{MARKS[0]}\n{lines}\n{MARKS[1]}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
