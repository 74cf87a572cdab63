"""Pictures of a job: register and pulses, together and apart."""

from __future__ import annotations

import json
import math
import struct
import warnings
from xml.etree import ElementTree as ET

import pytest
import yaml
from matplotlib import pyplot as plt
from pulser.devices import AnalogDevice

from runner.errors import UsageError
from runner.project.drawings.blockade_choice import AskedBlockade, blockade
from runner.project.drawings.panels import Panel, Plays, outline, panels
from runner.project.drawings.sequence_figure import pulses_figure, register_figure, whole_figure
from runner.results.plots.matplotlib_figure import content
from runner.sequences import compiled
from runner.sequences.samples import played
from runner.spec import parse

PULSE = "{pulse: {channel: drive, amplitude: {blackman: {duration_ns: 100, area: 1}}, detuning: -2}}"
SQUARE = "{pulse: {channel: drive, amplitude: 6.28, detuning: 0, duration_ns: 100}}"
SVG = "{http://www.w3.org/2000/svg}"
PAIR = {"coordinates_um": {"left": [-3.5, 0], "right": [3.5, 0]}}
TRAPS = {
    "register": {"mappable": ["a", "b"]},
    "layout": {"square_lattice": {"rows": 2, "columns": 3, "spacing_um": 6}},
}


def known(*operations, jobs=None, **changes):
    """What the first job of a file plays."""
    parts = {"device": "MockDevice", "register": PAIR, "channels": {"drive": "rydberg_global"}, **changes}
    steps = [yaml.safe_load(each) for each in operations or (PULSE,)]
    spec = {
        "device_type": "EMU_FREE",
        "sequence": {**parts, "operations": steps},
        "jobs": jobs or [{"runs": 1}],
    }
    file = {"apiVersion": "runner/v1", "kind": "Experiment", "metadata": {"name": "x"}, "spec": spec}
    experiment = compiled(parse(json.dumps(file), path="x.yaml")).experiment
    return played(experiment.sequence, experiment.jobs[0].variables)


def words(figure):
    """All texts of a figure."""
    root = ET.fromstring(content(figure, "svg"))
    return {"".join(node.itertext()).strip() for node in root.iter(f"{SVG}text")}


def test_a_picture_shows_atoms_and_pulses_with_units():
    """Under its title; no output of modulators is drawn where the device has none."""
    said = words(whole_figure("pair: one", known(), Plays.PROGRAMMED))

    assert {"pair: one", "2 atoms", "left", "right", "x (µm)", "y (µm)", "t (ns)"} <= said
    assert {"drive: rydberg_global, global, ground-rydberg basis", "Ω (rad/µs)", "δ (rad/µs)"} <= said
    assert not any("played" in each for each in said)


@pytest.mark.parametrize(
    ("plays", "legend", "ends_ns"),
    [
        (Plays.PROGRAMMED, {"played: as programmed", "output of the modulators, which a QPU plays"}, 100),
        (Plays.OUTPUT, {"played: output of the modulators", "programmed"}, 270),
    ],
)
def test_what_is_played_and_what_is_not_are_told_apart(plays, legend, ends_ns):
    """Both are drawn; modulators delay a pulse and keep its area."""
    shown = known(SQUARE, device="AnalogDevice")
    amplitude, _ = panels(shown, plays)
    (output,) = [channel.output for channel in shown.channels]

    assert legend <= words(pulses_figure(shown, plays))
    assert ends_ns == amplitude.played[-1][0]
    assert {100, 270} == {amplitude.played[-1][0], amplitude.other[-1][0]}
    assert sum(output.amplitude_rad_per_us) == pytest.approx(628, rel=0.01)


def test_each_quantity_of_a_channel_has_a_panel():
    """Detuning alone for a DMM, which says its weights; a phase where it is not 0; targets as they change."""
    shown = known(
        "{config_detuning_map: {weights: {left: 0.5, right: 1}}}",
        "{target: {channel: drive, qubits: [left]}}",
        "{pulse: {channel: drive, amplitude: 1, detuning: 2, duration_ns: 100, phase: 1.5}}",
        "{target: {channel: drive, qubits: [right]}}",
        "{pulse: {channel: drive, amplitude: 1, detuning: 0, duration_ns: 100, phase: 1.5}}",
        "{add_dmm_detuning: {waveform: {constant: {duration_ns: 50, value: -3}}}}",
        device="DigitalAnalogDevice",
        channels={"drive": "rydberg_local"},
    )
    amplitude, detuning, phase, dmm = panels(shown, Plays.PROGRAMMED)

    assert ["Ω (rad/µs)", "δ (rad/µs)", "φ (rad)", "δ (rad/µs)"] == [
        each.label for each in (amplitude, detuning, phase, dmm)
    ]
    assert ["drive: rydberg_local, local, ground-rydberg basis", "", ""] == [
        each.title for each in (amplitude, detuning, phase)
    ]
    assert [("left",), ("right",)] == [names for _, names in amplitude.targets]
    assert ("dmm_0: DMM, detunes left × 0.5, right × 1", (0, -3.0)) == (dmm.title, dmm.played[0])
    assert {"→ left", "→ right", "new target"} <= words(pulses_figure(shown, Plays.PROGRAMMED))
    assert {"× 0.5", "atom detuned by a DMM"} <= {
        part for text in words(register_figure(shown)) for part in (text, text.removeprefix("left").strip())
    }


def test_eom_mode_and_the_mask_are_marked():
    """With a legend; a mask shields from light in XY alone, elsewhere a DMM does it."""
    eom = known(
        "{enable_eom_mode: {channel: drive, amp_on: 12.2718, detuning_on: 0}}",
        "{add_eom_pulse: {channel: drive, duration_ns: 128}}",
        device="AnalogDevice",
    )
    xy = known("{config_slm_mask: {qubits: [left]}}", PULSE, PULSE, channels={"drive": "mw_global"})

    assert "EOM mode" in words(pulses_figure(eom, Plays.PROGRAMMED))
    assert [(0, 100)] == [each for panel in panels(xy, Plays.PROGRAMMED)[:1] for each in panel.masked_ns]
    assert "SLM mask on" in words(pulses_figure(xy, Plays.PROGRAMMED))
    assert "atom masked by the SLM" in words(register_figure(xy))


def test_traps_of_a_mappable_register_are_drawn_beside_its_atoms():
    """Those that are empty."""
    shown = known(**TRAPS, jobs=[{"runs": 1, "qubits": {"a": 0, "b": 3}}])
    figure = register_figure(shown)

    assert {"a", "b", "empty trap", "atom"} <= words(figure)
    assert 4 == len(figure.axes[0].collections[0].get_offsets())


def test_registers_in_space_are_drawn_with_their_third_axis():
    """A µm is as long on each axis."""
    figure = register_figure(known(register={"cubic": {"side": 2, "spacing_um": 6}}))
    (axes,) = figure.axes
    spans = [high - low for low, high in (axes.get_xlim(), axes.get_ylim(), axes.get_zlim())]

    assert {"8 atoms", "x (µm)", "y (µm)", "z (µm)"} <= words(figure)
    assert [1.0] * 3 == pytest.approx([span / spans[0] for span in spans])


def test_names_are_no_formulas():
    """Even where a $ makes them look like one that cannot be read."""
    shown = known(register={"coordinates_um": {r"$\frac$": [0, 0], "b": [6, 0]}})

    assert {r"pair: $\frac$", r"$\frac$", "b"} <= words(whole_figure(r"pair: $\frac$", shown, Plays.OUTPUT))


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_the_same_job_is_drawn_with_the_same_bytes_and_nothing_is_left_open(form):
    """So that pictures can be committed."""
    shown = known()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = (content(whole_figure("x", shown, Plays.PROGRAMMED), form) for _ in range(2))

    assert first == second
    assert [] == plt.get_fignums()


def test_a_png_is_as_large_as_what_it_shows():
    """Two curves of one channel and the register."""
    size = struct.unpack(">II", content(whole_figure("x", known(), Plays.PROGRAMMED), "png")[16:24])

    assert 1440 == size[0]
    assert 800 < size[1] < 1400


def test_an_outline_has_the_corners_of_a_curve():
    """A value holds for a ns; straight lines keep their ends, and extremes are never lost."""
    ramp = [float(i) for i in range(100)]
    spikes = [math.sin(i * i) for i in range(20_000)] + [7.0] + [0.0] * 10_000

    assert ((0, 1.0), (3, 1.0), (3, 0.0), (5, 0.0)) == outline([1.0, 1.0, 1.0, 0.0, 0.0])
    assert ((0, 0.0), (99, 99.0), (100, 99.0)) == outline(ramp)
    assert () == outline([])
    assert 7.0 == max(value for _, value in outline(spikes))
    assert len(outline(spikes)) < 2000


def test_a_panel_of_zeros_knows_it():
    """It needs less room."""
    flat = Panel(label="δ (rad/µs)", title="", played=((0, 0.0), (5, 0.0)))

    assert (True, 5) == (flat.is_zero, flat.end_ns)


def test_the_blockade_radius_is_that_of_the_strongest_drive_or_of_a_given_one():
    """As Pulser's device has it; nothing where nothing is asked for."""
    shown = known(SQUARE, device="AnalogDevice")
    usual = blockade(shown, AskedBlockade(radius=True))
    given = blockade(shown, AskedBlockade(graph=True, rabi_rad_per_us=2.0))

    assert AnalogDevice.rydberg_blockade_radius(6.28) == pytest.approx(usual.radius_um)
    assert AnalogDevice.rydberg_blockade_radius(2.0) == pytest.approx(given.radius_um)
    assert [(True, False), (False, True)] == [
        (each.shows_radius, each.shows_graph) for each in (usual, given)
    ]
    assert blockade(shown, AskedBlockade()) is None
    assert any(
        "blockade radius 7.187 µm at Ω = 6.28 rad/µs" in each for each in words(register_figure(shown, usual))
    )


@pytest.mark.parametrize(
    ("operation", "changes", "why"),
    [
        (PULSE, {"channels": {"drive": "mw_global"}}, "no channel drives the atoms to the Rydberg state"),
        ("{delay: {channel: drive, duration_ns: 100}}", {}, "the amplitude of this job is 0 throughout"),
    ],
)
def test_where_there_is_no_blockade_none_is_drawn(operation, changes, why):
    """And it is said why."""
    with pytest.raises(UsageError, match=why):
        blockade(known(operation, **changes), AskedBlockade(radius=True))
