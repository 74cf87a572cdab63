"""Pictures of a job: register and pulses in one file."""

from __future__ import annotations

import struct
import warnings
from xml.etree import ElementTree as ET

import pytest
from matplotlib import pyplot as plt
from written_texts import written

from runner.sequences.picture import FORMATS, picture, register_and_pulses

PULSE = "{pulse: {channel: drive, amplitude: {blackman: {duration_ns: 100, area: 1}}, detuning: -2}}"
SVG = "{http://www.w3.org/2000/svg}"
TRAPS = {
    "register": {"mappable": ["a", "b"]},
    "layout": {"square_lattice": {"rows": 2, "columns": 3, "spacing_um": 6}},
    "jobs": [{"runs": 1, "qubits": {"a": 0, "b": 3}}],
}


def drawn(form, *operations, **changes):
    """The picture of the first job of a file."""
    experiment = written(*(operations or (PULSE,)), **changes).experiment
    return picture(experiment.sequence, experiment.jobs[0].variables, title="pair: one", form=form)


def texts_and_dots(svg):
    """All texts of a picture, and how many signs are scattered in it, group by group."""
    root = ET.fromstring(svg)
    texts = {"".join(node.itertext()).strip() for node in root.iter(f"{SVG}text")}
    groups = [node for node in root.iter(f"{SVG}g") if node.get("id", "").startswith(("PathC", "Path3D"))]
    return texts, [len([*group.iter(f"{SVG}use")]) for group in groups]


def test_a_picture_shows_the_atoms_and_the_pulses_with_units():
    """Under its title."""
    texts, dots = texts_and_dots(drawn("svg"))

    assert {"pair: one", "2 atoms", "left", "right", "x (µm)", "y (µm)", "t (ns)", "drive"} <= texts
    assert {"Ω(rad/µs)", "δ(rad/µs)"} <= {"".join(text.split()) for text in texts}
    assert [2, 0] == dots  # the key has one that is drawn otherwise


def test_traps_of_a_mappable_register_are_drawn_below_its_atoms():
    """All of them."""
    texts, dots = texts_and_dots(drawn("svg", **TRAPS))

    assert {"a", "b"} <= texts
    assert [6, 2, 0] == dots


def test_masked_atoms_are_named_and_registers_in_space_are_drawn():
    """With the third axis."""
    mask = "{config_slm_mask: {qubits: [q0]}}"
    cube = {"cubic": {"side": 2, "spacing_um": 6}}
    texts, dots = texts_and_dots(drawn("svg", mask, PULSE, register=cube, channels={"drive": "mw_global"}))

    assert {"8 atoms; SLM mask (grey): q0", "x (µm)", "y (µm)", "z (µm)"} <= texts
    assert [1] * 8 == dots


def test_names_are_no_formulas():
    """Even where a $ makes them look like one that cannot be read."""
    odd = {"coordinates_um": {r"$\frac$": [0, 0], "b": [6, 0]}}
    experiment = written(PULSE, register=odd).experiment
    content = picture(experiment.sequence, experiment.jobs[0].variables, title=r"pair: $\frac$", form="svg")
    register, _ = register_and_pulses(experiment.sequence, experiment.jobs[0].variables)

    assert {r"pair: $\frac$", r"$\frac$", "b"} <= texts_and_dots(content)[0]
    assert {r"$\frac$", "b"} <= texts_and_dots(register)[0]


def test_register_and_pulses_come_as_two_pictures_as_well():
    """Without a title, the same whenever they are drawn, and nothing is left open."""
    experiment = written(PULSE).experiment
    drawings = register_and_pulses(experiment.sequence, experiment.jobs[0].variables)
    register, pulses = (texts_and_dots(each)[0] for each in drawings)

    assert {"left", "right", "x (µm)"} <= register
    assert "t (ns)" not in register
    assert {"drive", "t (ns)"} <= pulses
    assert "x (µm)" not in pulses
    assert drawings == register_and_pulses(experiment.sequence, experiment.jobs[0].variables)
    assert [] == plt.get_fignums()


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_job_is_drawn_with_the_same_bytes_and_nothing_is_left_open(form):
    """So that pictures can be committed."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = drawn(form), drawn(form)

    assert first == second
    assert [] == plt.get_fignums()


def test_a_png_is_as_large_as_what_it_shows():
    """Two curves of one channel and the register."""
    content = drawn("png")

    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">I", content[16:20])[0] == 2000
    assert 600 < struct.unpack(">I", content[20:24])[0] < 1500
