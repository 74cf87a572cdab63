"""Slips of the keyboard: each is told where it is, in words, and with what to do."""

from __future__ import annotations

import pytest

from runner.errors import SpecError
from runner.spec import parse

FILE = """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: x}
spec:
  device_type: EMU_FREE
  sequence:
    device: AnalogDevice
    register: {chain: {n_qubits: 2, spacing_um: 6.0}}
    channels: {ising: rydberg_global}
    variables: {t_ns: int, a: float}
    operations:
      - pulse: {channel: ising, amplitude: a, detuning: 0.0, duration_ns: t_ns}
  jobs:
    - runs: 100
      sweep: {t_ns: [100, 200], a: 3}
"""
YAML = "this is not YAML: "
FITS_NONE = f"{YAML}the indentation of this line fits none above"
ODD = f"{YAML}this line holds a letter that only looks like another"
OPEN = f"{YAML}the quote that begins here does not end"
QUOTE = "is there a quote missing?"
NO_BREAK = "it holds a no-break space (U+00A0): type a space instead"
POINT = "numbers have a point, not a comma"
ENDS = "First value, last value and step; both ends are included."


def complaints(old, new, **companions):
    """Line, column, message and hint of all that is wrong once a part of the file is another."""
    assert 1 == FILE.count(old)
    with pytest.raises(SpecError) as caught:
        parse(FILE.replace(old, new), path="x.yaml", companion=companions.__getitem__)
    return [(each.line, each.column, each.message, each.hint) for each in caught.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[100, 200]", "{range: [400, 800]}", (15, 29, "expected more than 2 items", ENDS)),
        (
            "runs: 100",
            "runs:100",
            (14, 11, f"{YAML}there is no space behind the colon of runs:100", "say runs: 100"),
        ),
        ("name: x", "name: 'x", (3, 18, OPEN, QUOTE)),
        ("rydberg_global", '"rydberg_global', (9, 23, OPEN, QUOTE)),
        (
            "   register",
            "  register",
            (8, 4, FITS_NONE, "it begins with 3 spaces; keys of one mapping begin in one column"),
        ),
        (
            "    - runs",
            "   - runs",
            (15, 7, f"{YAML}this line is read as more of the text above it", "indent it as the key above it"),
        ),
        ("runs: 100", "runs: 100\u00a0", (14, 13, 'expected a whole number, not "100\ufffd"', NO_BREAK)),
        ("runs: 100", "runs:\u00a0100", (14, 12, ODD, NO_BREAK)),
        (
            "detuning: 0.0",
            "detuning: \u22126.0",
            (
                12,
                57,
                "expected a number or an expression; \u2212 has no meaning in one",
                "it holds a minus sign (U+2212): type - instead",
            ),
        ),
        ("detuning: 0.0", "detuning: 0,5", (12, 59, "a key must be text, not 5", POINT)),
        ("a: 3}", "a: 3,5}", (15, 38, "a key must be text, not 5", POINT)),
        (
            "[100, 200]",
            "{linspace: [100, 201, 4]}",
            (
                15,
                21,
                "t_ns is an int and takes whole numbers only, not 133.66666666666666",
                "range: [FIRST, LAST, STEP] gives whole numbers, if these are",
            ),
        ),
        ("a: 3}", "a: [.nan, 1, 2, 0]}", (15, 37, ".nan is not a finite number", "")),
        ("[100, 200]", "{range: [100, .inf, 4]}", (15, 35, ".inf is not a finite number", "")),
        ("runs: 100", "shots: 100", (14, 7, "there is no key shots here", "did you mean runs?")),
        (
            "device_type: EMU_FREE",
            "backend: EMU_FREE",
            (5, 3, "there is no key backend here", "did you mean device_type?"),
        ),
    ],
)
def test_a_slip_is_told_once_and_where_it_is(old, new, expected):
    """Not where the parser gave up, and without what follows from it."""
    assert [expected] == complaints(old, new)


def test_a_decimal_comma_in_a_block_is_named():
    """It is text there."""
    ((_, _, _, hint),) = complaints(
        "      sweep: {t_ns: [100, 200], a: 3}", "      variables:\n        t_ns: 100\n        a: 3,5"
    )

    assert POINT == hint


def test_a_comment_in_a_table_is_named():
    """CSV has none."""
    found = complaints(
        "[100, 200]", "{csv: {file: p.csv, column: t}}", **{"p.csv": "# by hand\nt,a\n100,1\n200,2\n"}
    )

    assert [
        (
            15,
            34,
            "p.csv:2: expected 1 cells, not 2",
            "a table has no comments: remove the lines that begin with #; the first line holds the names",
        )
    ] == found


@pytest.mark.parametrize("number", ["1e2", "+1E2", "100"])
def test_a_whole_number_may_have_an_exponent(number):
    """Wherever a whole number stands: of runs, and of variables."""
    text = FILE.replace("runs: 100", f"runs: {number}").replace("[100, 200]", f"[{number}]")

    assert [(100, {"t_ns": 100, "a": 3.0})] == [
        (job.runs, job.variables) for job in parse(text, path="x").jobs
    ]


def test_of_very_many_faults_only_the_first_cost_anything(monkeypatch):
    """No name is looked for once a hundred problems are known, and few jobs of a broken file are salvaged."""
    looked_for, salvaged = [], []
    monkeypatch.setattr(
        "runner.spec.jobs.entries.suggestion", lambda word, *_, **__: looked_for.append(word) or ""
    )
    monkeypatch.setattr("runner.spec.parser.valid_part", lambda *what: salvaged.append(what))
    monkeypatch.setattr("runner.spec.parser._SALVAGED", 5)
    many = ", ".join(f"k{i}: 1" for i in range(500))
    unknown = complaints("sweep: {t_ns: [100, 200], a: 3}", f"variables: {{{many}}}")
    faulty = complaints("    - runs: 100\n", "    - runs: x\n" * 500 + "    - runs: 100\n")

    # The sequence and its variables are salvaged, too.
    assert (100, 101, 101, 5 + 2) == (len(looked_for), len(unknown), len(faulty), len(salvaged))
