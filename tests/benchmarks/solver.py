"""The solver against the other emulators of Pulser: one job each, the whole result, one core.

`python tests/benchmarks/solver.py [--write docs/solver.md]` prints a table, or writes it between the marks
of a page. CPU time of each is the least of some runs in turns; a peer that takes too long is left. What is
wrong with a state is its distance from the solver's own at an accuracy of 1e-7: for QuTiP it shows what
splines make of the samples, for emu-sv its steps of 10 ns. Memory is the most that is held at once of a
short job of 20 atoms, beyond what the interpreter and its imports hold. Not for Windows.
"""

from __future__ import annotations

import os

# As in the local cloud: one core a job.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import importlib
import importlib.util
import logging
import signal
import sys
import time
import tracemalloc
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pulser
from pages import write_between
from pulser.backend import BitStrings, Energy, Occupation, StateResult
from pulser_simulation import QutipBackendV2, QutipConfig

from runner.emulation import SplitBackend, SplitConfig

N_RUNS = 3
MARKS = ("<!-- benchmark -->\n", "<!-- end of the benchmark -->\n")
ATOMS = (8, 10, 12, 14)
# Drives with many edges would take minutes at 1e-9; errors in the table are ten times this and more.
EXACT = 1e-7
# CPU time after which a peer is left, and after which once is enough (in s).
LIMIT_S, ONCE_S = 60, 5
HAS_EMU_SV = importlib.util.find_spec("emu_sv") is not None


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


def eom(n_atoms):
    """Eight pulses of 200 ns in EOM mode, with waits of 100 ns between them, in which it detunes."""
    sequence = _ladder(n_atoms, pulser.AnalogDevice)
    sequence.enable_eom_mode("global", amp_on=6.0, detuning_on=0.0)
    for number in range(8):
        sequence.add_eom_pulse("global", duration=200, phase=0.3 * number)
        sequence.delay(100, "global")
    sequence.disable_eom_mode("global")
    return sequence


def retargets(n_atoms):
    """A local channel that goes from atom to atom, a smooth pulse of 300 ns for each."""
    sequence = _ladder(n_atoms, pulser.MockDevice, channel="rydberg_local", initial_target="q0")
    for number in range(n_atoms):
        sequence.target(f"q{number}", "global")
        amplitude = pulser.BlackmanWaveform(300, np.pi)
        sequence.add(pulser.Pulse.ConstantDetuning(amplitude, 0.5 * number, 0.0), "global")
    return sequence


def maps(n_atoms):
    """A ramp of 2 µs while a detuning map holds every second atom back."""
    sequence = _ladder(n_atoms, pulser.MockDevice)
    held = {f"q{number}": 2.0 / n_atoms for number in range(0, n_atoms, 2)}
    sequence.config_detuning_map(sequence.register.define_detuning_map(held), "dmm_0")
    sequence.add_dmm_detuning(pulser.RampWaveform(2000, -60.0, 0.0), "dmm_0")
    amplitude = pulser.BlackmanWaveform(2000, 8.0)
    pulse = pulser.Pulse(amplitude, pulser.RampWaveform(2000, -8.0, 8.0), 0.0)
    sequence.add(pulse, "global", protocol="no-delay")
    return sequence


def phases(n_atoms):
    """Four smooth pulses of 500 ns, each with a phase that changes during it."""
    sequence = _ladder(n_atoms, pulser.AnalogDevice)
    for number in range(4):
        phase = pulser.CustomWaveform((-1) ** number * 3.0 * np.linspace(-1, 1, 500) ** 2)
        sequence.add(pulser.Pulse.ArbitraryPhase(pulser.BlackmanWaveform(500, 2.0), phase), "global")
    return sequence


def _ladder(n_atoms, device, *, channel="rydberg_global", **target):
    register = pulser.Register.rectangle(2, n_atoms // 2, spacing=6.5, prefix="q")
    sequence = pulser.Sequence(register, device)
    sequence.declare_channel("global", channel, **target)
    return sequence


WORKS = {
    "ramp of 4 µs": ramp,
    "the same, 6 times the interactions": blockaded_ramp,
    "eight square pulses": squares,
    "eight pulses in EOM mode": eom,
    "a local channel, from atom to atom": retargets,
    "a ramp with a detuning map": maps,
    "four pulses with chirped phases": phases,
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


def by_emu_sv(sequence):
    """The final state, by emu-sv on the processor."""
    emu_sv = importlib.import_module("emu_sv")
    importlib.import_module("torch").set_num_threads(1)
    config = emu_sv.SVConfig(observables=_observables(), gpu=False, log_level=logging.ERROR)
    state = emu_sv.SVBackend(sequence, config=config).run().final_state
    return state.data.numpy()[::-1]  # its first state is g


def distance(one, other):
    """The 2-norm of the difference of two states, up to a phase."""
    overlap = np.vdot(other, one)
    return float(np.linalg.norm(one - other * overlap / abs(overlap)))


@contextmanager
def limited(seconds):
    """Ends what takes more CPU time."""

    def end(*_):
        raise TimeoutError

    signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def measured(sequence, emulators):
    """The least CPU time (in s) of each, and the state that it gave; nothing of one that takes too long."""
    times, states = {}, {}
    left = set()
    for _ in range(N_RUNS):
        for name, emulate in emulators.items():
            if name in left:
                continue
            began = time.process_time()
            try:
                with limited(LIMIT_S):
                    states[name] = emulate(sequence)
            except TimeoutError:
                left.add(name)
                continue
            seconds = time.process_time() - began
            times[name] = min(times.get(name, np.inf), seconds)
            if seconds > ONCE_S:
                left.add(name)
    return times, states


def table():
    """Lines of a table, a work and a number of atoms each."""
    peers = {"solver": by_solver, "QutipBackendV2": by_qutip}
    if HAS_EMU_SV:
        peers["emu-sv"] = by_emu_sv
    others = [name for name in peers if name != "solver"]
    heads = [f"{name} (s)" for name in peers] + [f"times {name}" for name in others]
    heads = ["work", "atoms", *heads, *(f"error of {name}" for name in peers)]
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for title, work in WORKS.items():
        for n_atoms in ATOMS:
            sequence = work(n_atoms)
            times, states = measured(sequence, peers)
            config = SplitConfig(observables=[StateResult()], accuracy=EXACT)
            exact = SplitBackend(sequence, config=config).run().final_state.amplitudes
            cells = [f"{times[name]:.3f}" if name in times else f"over {LIMIT_S}" for name in peers]
            cells += [f"{times.get(name, LIMIT_S) / times['solver']:.1f}" for name in others]
            cells += [f"{distance(states[name], exact):.0e}" if name in states else "" for name in peers]
            yield f"| {title} | {n_atoms} | {' | '.join(cells)} |"


def memory():
    """What a job of 20 atoms holds at once, in vectors of its state."""
    sequence = _ladder(20, pulser.MockDevice)
    ramp_up = pulser.RampWaveform(60, 0.0, 8.0)
    sequence.add(pulser.Pulse.ConstantDetuning(ramp_up, -10.0, 0.0), "global")
    config = SplitConfig(observables=[BitStrings(num_shots=1000), Occupation(), Energy()])
    tracemalloc.start()
    SplitBackend(sequence, config=config).run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / (16 * 2**20)


def report():
    """The table, and what is said of memory."""
    yield from table()
    yield ""
    yield f"A job of 20 atoms holds at most {memory():.1f} vectors of 16 MB at once."


def main():
    """Print the table, or write it into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="page whose table is replaced")
    page = parser.parse_args().write
    warnings.simplefilter("ignore")
    lines = "\n".join(report()) + "\n"
    sys.stdout.write(lines)
    if page is not None:
        write_between(page, MARKS, lines)


if __name__ == "__main__":
    main()
