"""Random sequences of all that a drive may do, and what QuTiP's most exact method makes of their drives."""

from __future__ import annotations

import itertools

import numpy as np
import pulser
import qutip
from pulser.channels.dmm import DMM
from pulser.channels.eom import RydbergBeam, RydbergEOM

from runner.emulation.drive import Segment

US = 1e-3
EOM = RydbergEOM(
    limiting_beam=RydbergBeam.RED,
    max_limiting_amp=40 * 2 * np.pi,
    intermediate_detuning=700 * 2 * np.pi,
    mod_bandwidth=24,
    controlled_beams=(RydbergBeam.BLUE, RydbergBeam.RED),
)
CHANNELS = (
    pulser.channels.Rydberg.Global(None, None, mod_bandwidth=8, eom_config=EOM),
    pulser.channels.Rydberg.Local(None, None, max_targets=2),
    pulser.channels.Raman.Local(None, None, max_targets=1),
)
DEVICE = pulser.devices.VirtualDevice(
    name="Random",
    dimensions=2,
    rydberg_level=60,
    channel_objects=CHANNELS,
    channel_ids=("rydberg_global", "rydberg_local", "raman_local"),
    dmm_objects=(DMM(bottom_detuning=-1000),),
    reusable_channels=True,
)
KINDS = ("pulses", "two_channels", "local", "map", "eom", "raman")


def random_sequence(random: np.random.Generator, kind: str) -> pulser.Sequence:
    """A built sequence of 1 to 5 atoms and at most about a microsecond."""
    register = random_register(random, int(random.integers(1, 6)))
    sequence = pulser.Sequence(register, DEVICE)
    channels = {"raman": ["raman"], "local": ["local"], "two_channels": ["global", "local"]}.get(
        kind, ["global"]
    )
    for channel in channels:
        _declare(sequence, channel)
    if kind == "eom":
        _play_eom(random, sequence)
        return sequence
    if kind == "map":
        weights = random.dirichlet(np.ones(len(register.qubit_ids)))
        weighted = dict(zip(register.qubit_ids, weights, strict=True))
        sequence.config_detuning_map(register.define_detuning_map(weighted), "dmm_0")
    for _ in range(random.integers(1, 5)):
        for channel in channels:
            _play(random, sequence, channel)
        if kind == "map":
            sequence.add_dmm_detuning(random_waveform(random, -20, 0), "dmm_0")
        if random.random() < 0.3:
            sequence.delay(int(random.integers(16, 100)), channels[0])
    return sequence


def _declare(sequence: pulser.Sequence, channel: str) -> None:
    if channel == "global":
        sequence.declare_channel(channel, "rydberg_global")
        return
    identifier = "raman_local" if channel == "raman" else "rydberg_local"
    sequence.declare_channel(channel, identifier, initial_target="q0")


def _play(random: np.random.Generator, sequence: pulser.Sequence, channel: str) -> None:
    """A pulse, on an atom at random if the channel acts on single ones."""
    if channel != "global":
        sequence.target(str(random.choice(list(sequence.register.qubit_ids))), channel)
    sequence.add(random_pulse(random), channel, protocol="no-delay")


def _play_eom(random: np.random.Generator, sequence: pulser.Sequence) -> None:
    strength, detuning = float(random.uniform(2, 12)), float(random.normal())
    sequence.enable_eom_mode("global", amp_on=strength, detuning_on=detuning)
    for _ in range(random.integers(1, 5)):
        sequence.add_eom_pulse("global", int(random.integers(16, 150)), phase=float(random.uniform(0, 6)))
        sequence.delay(int(random.integers(16, 60)), "global")
    sequence.disable_eom_mode("global")


def random_register(random: np.random.Generator, n_atoms: int) -> pulser.Register:
    """Atoms at random, none closer than 5 µm."""
    spots: list[np.ndarray] = []
    while len(spots) < n_atoms:
        spot = random.uniform(-9, 9, size=2)
        if all(np.linalg.norm(spot - other) > 5 for other in spots):
            spots.append(spot)
    return pulser.Register({f"q{number}": tuple(spot) for number, spot in enumerate(spots)})


def random_waveform(random: np.random.Generator, low: float, high: float) -> pulser.waveforms.Waveform:
    """Constant, a ramp, Blackman's, interpolated, or some of these in a row."""
    duration = int(random.integers(16, 300))
    first, second, third = (float(each) for each in random.uniform(low, high, size=3))
    match random.integers(5):
        case 0:
            return pulser.ConstantWaveform(duration, first)
        case 1:
            return pulser.RampWaveform(duration, first, second)
        case 2 if low >= 0:
            return pulser.BlackmanWaveform(duration, float(random.uniform(0.2, 3)))
        case 3:
            return pulser.InterpolatedWaveform(duration, [first, second, third])
        case _:
            return pulser.CompositeWaveform(
                pulser.ConstantWaveform(duration, first), pulser.RampWaveform(20, second, third)
            )


def random_pulse(random: np.random.Generator) -> pulser.Pulse:
    """A pulse; one in four has a phase that changes."""
    amplitude = random_waveform(random, 0, 15)
    phase = float(random.uniform(0, 2 * np.pi))
    if random.random() < 0.25:
        return pulser.Pulse.ArbitraryPhase(
            amplitude, pulser.RampWaveform(amplitude.duration, phase, phase + float(random.normal()))
        )
    return pulser.Pulse(amplitude, _fitted(random, amplitude.duration), phase)


def _fitted(random: np.random.Generator, duration: int) -> pulser.waveforms.Waveform:
    first, second = (float(each) for each in random.uniform(-15, 15, size=2))
    return pulser.RampWaveform(duration, first, second)


def exact(drive, ket: np.ndarray) -> np.ndarray:
    """The state at the end of a drive, by a Runge–Kutta method of ninth order on full matrices.

    The drive is read sample by sample; the matrices are built here from single atoms.
    """
    n_atoms = len(drive.kinds)
    operators = [_on(n_atoms, atom, np.array([[0, 0], [1, 0]])) for atom in range(n_atoms)]
    numbers = [_on(n_atoms, atom, np.array([[1, 0], [0, 0]])) for atom in range(n_atoms)]
    constant = qutip.qzero_like(operators[0])
    if drive.interactions is not None:
        for one, other in itertools.combinations(range(n_atoms), 2):
            constant += drive.interactions[one, other] * numbers[one] * numbers[other]
    state = qutip.Qobj(ket.reshape(-1, 1), dims=[[2] * n_atoms, [1] * n_atoms])
    for segment in _without_kinks(drive.segments):
        times = (segment.start_ns + np.arange(segment.length_ns + 1)) * US
        terms = [constant]
        for atom, kind in enumerate(drive.kinds):
            coupling, detuning = segment.couplings[kind], segment.detunings[kind]
            terms += [[operators[atom], coupling], [operators[atom].dag(), coupling.conj()]]
            terms += [[numbers[atom], -detuning.astype(complex)]]
        evolving = qutip.QobjEvo(terms, tlist=times, order=1)
        options = {
            "method": "vern9",
            "atol": 1e-13,
            "rtol": 1e-11,
            "nsteps": 10**6,
            "normalize_output": False,
        }
        state = qutip.sesolve(evolving, state, [times[0], times[-1]], options=options).final_state
    return state.full().ravel()


def _without_kinks(segments):
    """Segments whose slopes do not change by much, for no method of high order likes that."""
    for segment in segments:
        quantities = np.concatenate([segment.couplings, segment.detunings.astype(complex)])
        bends = np.abs(np.diff(quantities, n=2, axis=1)).max(axis=0)
        for start, stop in itertools.pairwise([0, *(np.flatnonzero(bends > 1e-2) + 1), segment.length_ns]):
            here = slice(start, stop + 1)
            yield Segment(segment.start_ns + start, segment.couplings[:, here], segment.detunings[:, here])


def _on(n_atoms: int, atom: int, matrix: np.ndarray) -> qutip.Qobj:
    parts = [qutip.qeye(2)] * n_atoms
    parts[atom] = qutip.Qobj(matrix)
    return qutip.tensor(parts)


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """The 2-norm of the difference of two states, up to a phase."""
    overlap = np.vdot(other, one)
    return float(np.linalg.norm(one - other * overlap / abs(overlap)))
