"""The plain scripts that the local cloud is compared with, and the sweep that all of them run.

`python emulating.py loop|pool ATOMS JOBS RUNS WORKERS` emulates the sweep twice and writes both times (in s)
and what they took of processors as JSON. Importing Pulser, parsing and a first job are not counted.
"""

from __future__ import annotations

import json
import os
import sys
import time

# As in the local cloud: more threads per job gain nothing.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import warnings
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

from pulser import Pulse, Register, Sequence
from pulser.backend import BitStrings
from pulser.devices import AnalogDevice
from pulser.waveforms import ConstantWaveform, RampWaveform
from pulser_simulation import QutipBackendV2, QutipConfig


@cache
def sweep_sequence(n_atoms):
    """A chain under a ramp of 4 µs, whose amplitude is swept, as it is sent."""
    register = Register.rectangle(1, n_atoms, spacing=6.0, prefix="q")
    sequence = Sequence(register.with_automatic_layout(AnalogDevice), AnalogDevice)
    sequence.declare_channel("global", "rydberg_global")
    amplitude = sequence.declare_variable("amplitude")
    sequence.add(Pulse(ConstantWaveform(4000, amplitude), RampWaveform(4000, -10.0, 10.0), 0.0), "global")
    sequence.measure()
    return sequence.to_abstract_repr()


def points(n_jobs):
    """Values of the variables of each job."""
    return [{"amplitude": 3.0 + 6.0 * number / n_jobs} for number in range(n_jobs)]


@cache
def parsed(n_atoms):
    """The sequence, parsed once a process."""
    return Sequence.from_abstract_repr(sweep_sequence(n_atoms))


def emulate(n_atoms, variables, runs):
    """What a user's script does with a point."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = QutipConfig(observables=[BitStrings(num_shots=runs)])
        return QutipBackendV2(parsed(n_atoms).build(**variables), config=config).run().final_bitstrings


def loop(n_atoms, n_jobs, runs, workers):
    """One point after the other, in one process."""
    del workers
    emulate(n_atoms, points(1)[0], 1)
    return lambda: [emulate(n_atoms, values, runs) for values in points(n_jobs)]


def pool(n_atoms, n_jobs, runs, workers):
    """The same in a pool of processes that are warm."""
    executor = ProcessPoolExecutor(workers, mp_context=get_context("fork"))
    warm = [executor.submit(emulate, n_atoms, points(1)[0], 1) for _ in range(4 * workers)]
    _ = [each.result() for each in warm]

    def work():
        jobs = [executor.submit(emulate, n_atoms, values, runs) for values in points(n_jobs)]
        return [job.result() for job in jobs]

    return work


def main():
    """Measures and prints."""
    peer, *numbers = sys.argv[1:]
    n_atoms, n_jobs, runs, workers = map(int, numbers)
    work = {"loop": loop, "pool": pool}[peer](n_atoms, n_jobs, runs, workers)
    times = []
    for _ in range(2):
        begun, cpu = time.perf_counter(), time.process_time()
        work()
        times.append((time.perf_counter() - begun, time.process_time() - cpu))
    sys.stdout.write(json.dumps(times))


if __name__ == "__main__":
    main()
