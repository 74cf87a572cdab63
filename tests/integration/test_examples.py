"""The examples of specs/ on the local cloud: what is measured is what the line on top of each file says."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import commands
import pytest

SPECS = Path(__file__).parents[2] / "specs"
LARGE = ("afm-ramp", "afm-bayesian")  # have tests of their own, with other numbers


pytestmark = pytest.mark.long  # one server runs all examples


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Records of all examples but the large ones, by experiment; sent to the local cloud alone."""
    lab = tmp_path_factory.mktemp("examples")
    shutil.copytree(SPECS, lab / "specs")
    (lab / "runner.toml").write_text('namespace = "lab"\n', encoding="utf-8")
    try:
        left_out = [word for name in LARGE for word in ("--exclude", name)]
        code, _, stderr = commands.run(lab, "apply", "specs", *left_out, "--target", "local")
    finally:
        commands.stop_local_cloud(lab / ".runner" / "local-cloud")
    assert (0, True) == (code, "Traceback" not in stderr), stderr
    return {folder.name: records(folder) for folder in (lab / "results").iterdir()}


def records(folder):
    """Records of an experiment."""
    texts = [file.read_text(encoding="utf-8") for file in sorted(folder.glob("*/*.jsonl"))]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def part(record, *bitstrings):
    """Which part of the shots gave one of some bitstrings."""
    return sum(record["counts"].get(bits, 0) for bits in bitstrings) / record["runs"]


def excited(record, qubit):
    """Which part of the shots found an atom excited."""
    place = record["qubit_ids"].index(qubit)
    return sum(n for bits, n in record["counts"].items() if bits[place] == "1") / record["runs"]


def is_drawn_from(probability, found, runs):
    """Whether a part of so many shots fits: within six deviations, and 0.02 for the model."""
    spread = math.sqrt(max(probability * (1 - probability), 1 / runs) / runs)
    return abs(found - probability) < 6 * spread + 0.02


def rabi(omega, delta, t_us):
    """Rabi's formula: probability that a driven atom is excited (in rad/µs, rad/µs, µs)."""
    effective = math.hypot(omega, delta)
    return (omega / effective * math.sin(effective * t_us / 2)) ** 2 if effective else 0.0


def unlikely(jobs, expected, found):
    """Variables and numbers of the jobs that do not fit what is expected of them."""
    return [
        (job["variables"], expected(job["variables"]), found(job))
        for job in jobs
        if not is_drawn_from(expected(job["variables"]), found(job), job["runs"])
    ]


def test_every_example_but_the_large_ones_is_run(measured):
    """And all of their jobs are done."""
    assert {path.stem for path in SPECS.glob("*.yaml")} - set(LARGE) == set(measured)
    assert {"DONE"} == {job["status"] for jobs in measured.values() for job in jobs}


def test_one_atom_follows_rabis_formula(measured):
    """On resonance in rabi, off resonance in sweeps, and by the area alone in blackman-pulses."""
    assert [] == unlikely(
        measured["rabi"], lambda at: rabi(2 * math.pi, 0, at["t_ns"] / 1000), lambda job: part(job, "1")
    )
    assert [] == unlikely(
        measured["sweeps"],
        lambda at: rabi(at["omega"], at["delta"], at["t_ns"] / 1000),
        lambda job: part(job, "1"),
    )
    assert [] == unlikely(
        measured["blackman-pulses"], lambda at: math.sin(at["area"] / 2) ** 2, lambda job: part(job, "1")
    )
    assert [11, 30, 9] == [len(measured[name]) for name in ("rabi", "sweeps", "blackman-pulses")]


def test_the_pulse_of_rabi_refine_excites_the_atom(measured):
    """Twenty jobs by Rabi's formula as the detector sees it; the last are close to a pulse of area π."""
    jobs = measured["rabi-refine"]
    lengths = [job["variables"]["t_ns"] for job in sorted(jobs, key=lambda job: int(job["name"].split()[1]))]

    assert [] == unlikely(
        jobs,
        lambda at: 0.02 + 0.95 * rabi(5.5, 0, at["t_ns"] / 1000),
        lambda job: part(job, "1"),
    )
    assert 20 == len(jobs)
    assert abs(sorted(lengths[-5:])[2] - 1000 * math.pi / 5.5) < 60


def test_the_fringe_of_eom_ramsey_does_not_depend_on_the_wait(measured):
    """The second quarter turn takes the atom up or down by its phase alone."""
    assert {100, 400} == {job["variables"]["wait_ns"] for job in measured["eom-ramsey"]}
    assert [] == unlikely(
        measured["eom-ramsey"], lambda at: math.cos(at["phi"] / 2) ** 2, lambda job: part(job, "1")
    )


def test_the_light_of_local_detuning_shifts_one_atom(measured):
    """The shifted atom follows Rabi's formula, and the free one is excited whatever the shift."""
    jobs = measured["local-detuning"]

    assert [] == unlikely(
        jobs, lambda at: rabi(6.2832, at["shift"], 0.5), lambda job: excited(job, "shifted")
    )
    assert [] == unlikely(jobs, lambda _: 1.0, lambda job: excited(job, "free"))


def test_the_atom_under_slm_mask_misses_the_first_pulse(measured):
    """Masked, it follows the second pulse alone; bare, it follows both."""
    jobs = measured["slm-mask"]

    assert [] == unlikely(jobs, lambda at: math.sin(at["area"] / 2) ** 2, lambda job: excited(job, "masked"))
    assert [] == unlikely(jobs, lambda at: math.cos(at["area"] / 2) ** 2, lambda job: excited(job, "bare"))


def test_the_three_atoms_of_layout_triangle_share_one_excitation(measured):
    """They turn √3 times as fast as one atom, and no two of them are excited."""
    one = ("100", "010", "001")
    jobs = measured["layout-triangle"]

    assert [] == unlikely(
        jobs,
        lambda at: rabi(math.sqrt(3) * 3.1416, 0, at["t_ns"] / 1000),
        lambda job: part(job, *one),
    )
    assert [] == [job["counts"] for job in jobs if part(job, "000", *one) < 0.96]


def test_the_registers_of_shared_excitation_hold_one_excitation_each(measured):
    """Whatever their number, after a pulse of area π/√N."""
    jobs = {job["name"]: job for job in measured["shared-excitation"]}
    shared = {
        "one": part(jobs["one"], "1"),
        "two": part(jobs["two"], "10", "01"),
        "three": part(jobs["three"], "100", "010", "001"),
    }

    assert {"one": 1, "two": 2, "three": 3} == {name: len(job["qubit_ids"]) for name, job in jobs.items()}
    assert min(shared.values()) > 0.9


def test_neighbours_of_mappable_register_block_each_other(measured):
    """Never both at 5 µm; as good as always both from 10 µm on."""
    both = {job["name"]: part(job, "11") for job in measured["mappable-register"]}

    assert {"5 um": False, "10 um": True, "15 um": True, "20 um": True} == {
        name: found > 0.5 for name, found in both.items()
    }
    assert both["5 um"] < 0.05
    assert min(both["10 um"], both["15 um"], both["20 um"]) > 0.85


def test_the_best_times_of_qaoa_find_the_largest_set(measured):
    """Two shots of three, where a guess hardly finds it."""
    found = {tuple(job["variables"]["mix_ns"]): part(job, "0111") for job in measured["qaoa"]}

    assert 2 == len(found)
    assert found[200, 200] < 0.12
    assert found[336, 128] > 0.5


def test_the_excitation_of_xy_chain_arrives_at_the_other_end(measured):
    """It starts at q0, is at q2 after 0.49 µs, is under way back at 0.99 µs, and is never lost."""
    jobs = {job["variables"]["t_ns"]: job for job in measured["xy-chain"]}

    assert [] == [t for t, job in jobs.items() if part(job, "100", "010", "001") < 0.96]
    assert 490 == max(jobs, key=lambda t: excited(jobs[t], "q2"))
    assert excited(jobs[490], "q2") > 0.9
    assert min(excited(jobs[90], "q0"), excited(jobs[990], "q0")) > 0.7


def test_the_ring_for_a_qpu_orders_as_it_is_ramped_more_slowly(measured):
    """On the local cloud: every second atom is excited."""
    jobs = {job["variables"]["t_sweep_ns"]: job for job in measured["qpu-ring"]}
    ordered = {t: part(job, "010101", "101010") for t, job in jobs.items()}

    assert [400, 1200, 3600] == sorted(ordered, key=ordered.get)
    assert ordered[400] < 0.65
    assert ordered[3600] > 0.9
