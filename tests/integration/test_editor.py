"""Editors complete, explain and check experiment files: a YAML language server reads the published schema."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from language_server import VARIABLE, LanguageServer, command

SPECS = Path(__file__).parents[2] / "specs"
UNSAVED = (SPECS / f"unsaved-{number}.yaml" for number in itertools.count(1))  # each text its own
CURSOR = "|"
MODELINE = "# yaml-language-server: $schema=../schemas/experiment.schema.json\n"
HEAD = f"{MODELINE}apiVersion: runner/v1\nkind: Experiment\nmetadata: {{name: x}}\n"
SPEC = f"{HEAD}spec:\n  device_type: EMU_FREE\n"
SEQUENCE = f"{SPEC}  sequence:\n    device: AnalogDevice\n    channels: {{ising: rydberg_global}}\n"
STEPS = f"{SEQUENCE}    register: {{square: {{side: 2, spacing_um: 6}}}}\n    operations:\n"
JOBS = f"{STEPS}      - measure: ground-rydberg\n  jobs:\n"
RUNS = f"{JOBS}    - runs: 5\n"
WAVEFORMS = {"constant", "ramp", "blackman", "blackman_max", "kaiser", "kaiser_max", "interpolated"}
RULES = {"range", "linspace", "geomspace", "random", "csv"}


@pytest.fixture(scope="module")
def server():
    """A language server, where there is one."""
    words = command()
    if words is None:
        pytest.skip(
            "no language server to try the schemas with: `npm install --prefix FOLDER yaml-language-server`"
            f" and {VARIABLE}=FOLDER"
        )
    with LanguageServer(words) as running:
        yield running


def at_cursor(server, ask, text):
    """What a server answers at the cursor of a text."""
    before, _, after = text.partition(CURSOR)
    path = next(UNSAVED)
    server.open(path, before + after)
    answer = ask(path, before.count("\n"), len(before) - before.rfind("\n") - 1)
    server.close(path)
    return answer


def marks(server, path, text):
    """What is marked in a text, as (line from 1, message)."""
    server.open(path, text)
    found = server.marks(path)
    server.close(path)
    return [(line + 1, message) for line, message in found]


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.yaml")), ids=lambda path: path.stem)
def test_nothing_is_marked_in_the_examples(server, path):
    """Every file of specs/ is in order, in the eyes of an editor."""
    assert [] == marks(server, path, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (f"{MODELINE}|", {"apiVersion", "kind", "metadata", "spec"}),
        (f"{HEAD}spec:\n  |", {"device_type", "sequence", "jobs", "policy", "tags", "rerun"}),
        (f"{SPEC}  sequence:\n    |", {"device", "register", "channels", "operations", "file"}),
        (f"{SEQUENCE}    |", {"register", "layout", "variables", "operations", "magnetic_field_gauss"}),
        (f"{SEQUENCE}    register:\n      |", {"square", "ring", "hexagon", "traps", "coordinates_um"}),
        (f"{SEQUENCE}    register: {{s|}}", {"square", "ring", "hexagon", "traps", "coordinates_um"}),
        (f"{SEQUENCE}    register:\n      square:\n        |", {"side", "spacing_um"}),
        (f"{SEQUENCE}    layout:\n      |", {"square_lattice", "triangular_lattice", "calibrated"}),
        (f"{STEPS}      - |", {"pulse", "delay", "align", "enable_eom_mode", "add_dmm_detuning"}),
        (f"{STEPS}      - pulse:\n          |", {"channel", "amplitude", "detuning", "phase"}),
        (f"{STEPS}      - pulse:\n          channel: ising\n          |", {"amplitude", "duration_ns"}),
        (f"{STEPS}      - pulse: {{channel: ising, a|}}", {"amplitude", "detuning", "duration_ns"}),
        (f"{STEPS}      - pulse:\n          amplitude:\n            |", WAVEFORMS),
        (f"{STEPS}      - pulse: {{amplitude: {{r|}}}}", WAVEFORMS),
        (f"{STEPS}      - pulse:\n          detuning:\n            ramp:\n              |", {"from", "to"}),
        (f"{STEPS}      - add_dmm_detuning:\n          waveform:\n            |", WAVEFORMS),
        (f"{STEPS}      - enable_eom_mode:\n          |", {"amp_on", "detuning_on"}),
        (f"{JOBS}    - |", {"runs", "name", "variables", "sweep", "qubits"}),
        (f"{RUNS}      |", {"name", "variables", "sweep", "include", "exclude"}),
        (f"{RUNS}      sweep:\n        t_ns:\n          |", RULES),
        (f"{RUNS}      sweep:\n        - t_ns:\n            |", RULES),
        (
            f"{RUNS}      sweep:\n        t_ns:\n          random:\n            |",
            {"uniform", "count", "seed"},
        ),
        (f"{RUNS}  policy:\n    |", {"runs", "batch", "retry", "prune", "budget", "deadline"}),
        (f"{RUNS}  policy:\n    runs: exact\n    |", {"batch", "retry", "prune", "budget"}),
        (f"{RUNS}  policy:\n    retry:\n      |", {"limit", "on", "errors", "backoff_s"}),
        (f"{RUNS}  policy:\n    budget: {{r|}}", {"runs", "jobs", "qpu_s"}),
        (f"{RUNS}  rerun:\n    |", {"all", "jobs"}),
    ],
)
def test_keys_are_offered_where_they_can_stand(server, text, keys):
    """Each with its description; in blocks, also on an empty line."""
    offered = at_cursor(server, server.completion, text)

    assert set() == keys - set(offered)
    assert [] == [key for key in keys if not offered[key]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (f"{HEAD}spec:\n  device_type: |", {"EMU_FREE", "EMU_MPS", "EMU_SV", "FRESNEL"}),
        (f"{SPEC}  sequence:\n    device: |", {"AnalogDevice", "DigitalAnalogDevice", "MockDevice"}),
        (f"{SEQUENCE}    register: |", {"{square: {side: 3, spacing_um: 6.0}}"}),
        (f"{SEQUENCE}    layout: |", {"automatic"}),
        (f"{SEQUENCE}    variables:\n      t_ns: |", {"int", "float"}),
        (f"{SPEC}  sequence:\n    channels:\n      ising: |", {"rydberg_global", "raman_local", "mw_global"}),
        (f"{RUNS}      sweep:\n        t_ns: |", {"{range: [400, 4000, 400]}"}),
        (f"{STEPS}      - measure: |", {"ground-rydberg", "digital", "XY"}),
        (f"{STEPS}      - pulse:\n          protocol: |", {"min-delay", "no-delay", "wait-for-all"}),
        (f"{STEPS}      - pulse:\n          amplitude: |", {"omega_max"}),
        (f"{RUNS}  policy:\n    runs: |", {"top-up", "exact"}),
        (f"{RUNS}  policy:\n    retry:\n      on:\n        - |", {"ERROR", "CANCELED"}),
    ],
)
def test_values_are_offered_where_there_is_a_choice(server, text, values):
    """Or an example; each is called what it is in a file."""
    offered = at_cursor(server, server.completion, text)

    assert set() == values - set(offered)
    assert "[object Object]" not in offered


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{STEPS}      - pulse: {{amp|litude: {{constant: {{duration_ns: 8, value: 1}}}}}}", "(in rad/µs)"),
        (f"{STEPS}      - pulse: {{amplitude: 3, det|uning: -6}}", "Detuning δ (in rad/µs)"),
        (f"{STEPS}      - pulse: {{amplitude: omega, dur|ation_ns: t}}", "How long it takes (in ns)"),
        (f"{STEPS}      - delay: {{channel: ising, dur|ation_ns: 100}}", "How long (in ns)"),
        (f"{SEQUENCE}    register: {{square: {{side: 2, spac|ing_um: 6}}}}", "(in µm)"),
        (f"{SEQUENCE}    reg|ister: {{square: {{side: 2, spacing_um: 6}}}}", "Example: `{square: {side: 3"),
        (f"{SPEC}  seq|uence: {{file: x.json}}", "written out, or in a file of its own"),
        (f"{RUNS}      sweep: {{t_|ns: [1, 2]}}", "a number, a list of values, or a rule"),
        (f"{RUNS}      sw|eep: {{t_ns: [1, 2]}}", "A mapping gives every combination"),
        (f"{RUNS}  policy: {{bat|ch: open}}", "keep the device until all jobs are done"),
        (f"{RUNS}  policy: {{retry: {{back|off_s: 5}}}}", "Time between a failure and the next try (in s)"),
    ],
)
def test_a_key_is_explained_with_its_unit(server, text, words):
    """Hovering tells the key's own description, also where its value has alternatives."""
    assert words in at_cursor(server, server.hover, text)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("metadata:", "metdata:", "metdata"),
        ("device: ", "devise: ", "devise"),
        ("spacing_um", "spacing", "spacing"),
        ("      - measure:", "      - mesure:", "mesure"),
        ("detuning: -15.0 ", "detunning: -15.0 ", "detunning"),
        ("- runs: 500\n      sweep:", "- runs: 500\n      swep:", "swep"),
    ],
)
def test_a_misspelt_key_is_marked_where_it_stands(server, old, new, key):
    """On its line, by its name."""
    text = (SPECS / "afm-ramp.yaml").read_text(encoding="utf-8")
    assert old in text
    broken = text.replace(old, new, 1)
    (line,) = (number for number, each in enumerate(broken.splitlines(), 1) if f"{key}:" in each)

    assert (line, f"Property {key} is not allowed.") in marks(server, next(UNSAVED), broken)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("pulse: {channel: ising, amplitude: 1, detuning: 1}", 'Missing property "duration_ns".'),
        ("pulse: {channel: ising, amplitude: 1, duration_ns: 8}", 'Missing property "detuning".'),
        ("{}", "Object has fewer properties than the required number of 1"),
        (
            "{measure: XY, truncate: {duration_ns: 8}}",
            "Object has more properties than limit of 1.",
        ),
        (
            "measure: rydberg",
            'Value is not accepted. Valid values: "ground-rydberg", "digital", "XY".',
        ),
    ],
)
def test_a_broken_operation_is_marked_with_the_reason(server, step, message):
    """And with nothing else."""
    text = f"{STEPS}      - {step}\n  jobs: [{{runs: 1}}]\n"
    line = text.partition(f"- {step}")[0].count("\n") + 1

    assert [(line, message)] == marks(server, next(UNSAVED), text)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[400, 4000, 400]", "[400, 4000]", "Array has too few items. Expected 3 or more."),
        (
            "[400, 4000, 400]",
            "[400, [x], 400]",
            'Incorrect type. Expected "number | string | ConstantInMhz".',
        ),
        (
            "name: reference ",
            "exclude: [{omega_max: 3}] ",
            "Object is missing property sweep required by property exclude.",
        ),
        ("  jobs:", "  tags: [a, a]\n  jobs:", "Array has duplicate items."),
        ("{omega_max: float,", "{omega_max: real,", 'Value is not accepted. Valid values: "int", "float".'),
    ],
)
def test_rules_of_the_schema_are_those_of_the_editor(server, old, new, message):
    """Lists with a type for each item, keys that need each other: draft 2020-12 is understood."""
    text = (SPECS / "afm-ramp.yaml").read_text(encoding="utf-8")
    assert old in text

    found = marks(server, next(UNSAVED), text.replace(old, new, 1))

    assert [message] == [said for _, said in found]
