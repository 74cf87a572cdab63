"""{mhz: …} in place of an angular frequency: converted once, and refused where none stands."""

from __future__ import annotations

import math

import pytest
from texts import changed, problems

from runner.spec import parse
from runner.spec.validate.unit_checks import converted

PULSE = "{channel: drive, amplitude: omega, detuning: 0, duration_ns: t_ns}"
OTHER = "{channel: drive, amplitude: 1, detuning: 0, duration_ns: t_ns, phase: omega}"
SWEEP = "variables: {omega: 6.28, t_ns: 500}"


def content(text):
    """What a file says with everything converted, jobs one by one."""
    return parse(text, path="x.yaml").expanded()["spec"]


def operation(amplitude):
    """A second pulse of the good file, with an amplitude and what stands behind it."""
    pulse = f"{{channel: drive, detuning: 0, amplitude: {amplitude}}}"
    said = content(changed("      - measure", f"      - pulse: {pulse}\n      - measure"))
    return said["sequence"]["operations"][1]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("{mhz: 1.0}, duration_ns: 8", "TAU, duration_ns: 8"),
        ("{mhz: 1/2}, duration_ns: 8", "2 * pi * (1/2), duration_ns: 8"),
        ("{mhz: omega}, duration_ns: 8", "2 * pi * (omega), duration_ns: 8"),
        (
            "{ramp: {duration_ns: 8, from: {mhz: 0}, to: {mhz: 1}}}",
            "{ramp: {duration_ns: 8, from: 0, to: TAU}}",
        ),
        ("{constant: {duration_ns: 8, value: {mhz: 1}}}", "{constant: {duration_ns: 8, value: TAU}}"),
        ("{blackman_max: {area: 3, max_val: {mhz: 1}}}", "{blackman_max: {area: 3, max_val: TAU}}"),
        ("{kaiser_max: {area: 3, max_val: {mhz: 1}}}", "{kaiser_max: {area: 3, max_val: TAU}}"),
        (
            "{interpolated: {duration_ns: 8, values: [0, {mhz: 1}, 1/2]}}",
            "{interpolated: {duration_ns: 8, values: [0, TAU, 1/2]}}",
        ),
        (
            "{interpolated: {duration_ns: 8, values: {mhz: [0, 1, omega]}}}",
            "{interpolated: {duration_ns: 8, values: [0, TAU, 2 * pi * (omega)]}}",
        ),
        ("{custom: {samples: {mhz: [0, 1]}}}", "{custom: {samples: [0, TAU]}}"),
        ("{custom: {samples: [{mhz: 1}, pi]}}", "{custom: {samples: [TAU, 3.141592653589793]}}"),
    ],
)
def test_a_frequency_is_2_pi_times_as_many_rad_per_us(said, meant):
    """In amplitudes and detunings, and whatever waveform they have."""
    meant = meant.replace("TAU", repr(math.tau))

    assert operation(meant) == operation(said)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("variables: {omega: {mhz: 1.0}, t_ns: 500}", [1.0]),
        ("sweep: {omega: {mhz: 1/4}, t_ns: 500}", [0.25]),
        ("sweep: {omega: [{mhz: 1}, {mhz: 2}], t_ns: 500}", [1, 2]),
        ("sweep: {omega: {linspace: [{mhz: 1}, {mhz: 2}, 3]}, t_ns: 500}", [1, 1.5, 2]),
        ("sweep: [{omega: [{mhz: 1}, {mhz: 3}], t_ns: [500, 600]}]", [1, 3]),
    ],
)
def test_variables_take_frequencies_that_stand_for_some(said, meant):
    """In values of jobs and in sweeps; the job is that of the number in rad/µs."""
    jobs = content(changed(SWEEP, said))["jobs"]

    assert [pytest.approx(math.tau * each, rel=1e-15) for each in meant] == [
        job["variables"]["omega"] for job in jobs
    ]


def test_bottom_detunings_of_a_device_are_angular_frequencies():
    """Of a changed device; what each came to is told, as of all others."""
    device = "{of: MockDevice, channels: {dmm_0: {bottom_detuning: {mhz: -10}}}}"
    found = parse(changed("device: MockDevice", f"device: {device}"), path="x.yaml")
    read = found.expanded()["spec"]["sequence"]["device"]

    assert {"dmm_0": {"bottom_detuning": pytest.approx(-10 * math.tau)}} == read["channels"]
    assert ["-10 MHz is -62.8319 rad/µs"] == [words for _, words in converted(found.document)]


def test_a_variable_may_be_called_mhz():
    """A name is no unit."""
    text = changed(SWEEP, "sweep: {mhz: [1, 2], t_ns: 500}").replace("omega", "mhz")

    assert [1, 2] == [job["variables"]["mhz"] for job in content(text)["jobs"]]


_HINT = "mhz stands where an angular frequency does: of amplitudes and detunings, and of variables"


_WHOLE = "expected a whole number"
_OR_EXPRESSION = ", or an expression over the variables, not"


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ("duration_ns: t_ns", "duration_ns: {mhz: 1}", f"{_WHOLE} of ns{_OR_EXPRESSION} a mapping", _HINT),
        (
            "detuning: 0",
            "phase: {mhz: 1}, detuning: 0",
            f"expected a number{_OR_EXPRESSION} a mapping",
            _HINT,
        ),
        ("runs: 100", "runs: {mhz: 1}", f"{_WHOLE}, not a mapping", _HINT),
        (
            "detuning: 0",
            "detuning: {mhz: x}",
            "the sequence has no variable x",
            "known variables: omega, t_ns",
        ),
        ("detuning: 0", "detuning: {mhz: 1, ghz: 2}", "there is no key ghz here", "did you mean mhz?"),
        ("detuning: 0", "detuning: {mhz: []}", f"expected a number{_OR_EXPRESSION} a list of 0", ""),
    ],
)
def test_what_is_no_angular_frequency_is_no_mhz(old, new, message, hint):
    """Durations, phases and counts have no such unit; each is one problem."""
    text = changed(old, new)
    (line,) = (number for number, each in enumerate(text.splitlines(), 1) if new in each)

    assert [(line, message, hint)] == [(each[0], *each[2:]) for each in problems(text)]


def test_a_variable_that_is_a_phase_everywhere_is_no_mhz():
    """It says what the variable is used for, and where."""
    text = changed(PULSE, OTHER).replace("omega: 6.28", "omega: {mhz: 1}")

    assert [
        (
            15,
            38,
            "omega stands for no angular frequency, and mhz has no meaning for it",
            "it is used for phase on line 12",
        )
    ] == problems(text)


def test_mhz_is_said_once():
    """Twice, it would be 2π too much."""
    text = changed("amplitude: omega", "amplitude: {mhz: omega}").replace("omega: 6.28", "omega: {mhz: 1}")

    assert ["omega is in MHz already: mhz stands on line 12, too"] == [each[2] for each in problems(text)]


def test_a_waveform_of_a_phase_is_no_mhz():
    """A waveform is an angular frequency in an amplitude, and an angle in a phase."""
    wave = "{ramp: {duration_ns: 8, from: {mhz: 0}, to: 1}}"
    pulse = f"      - pulse_arbitrary_phase: {{channel: drive, amplitude: {wave}, phase: {wave}}}\n"

    assert [(13, 146, "a phase is no frequency: mhz has no meaning here", "say it in rad")] == problems(
        changed("      - measure", f"{pulse}      - measure")
    )


def test_what_stands_in_mhz_is_told_with_what_it_comes_to():
    """By line, as `runner show` says it."""
    text = changed("detuning: 0", "detuning: {mhz: t_ns / 2}").replace("omega: 6.28", "omega: {mhz: 1/4}")
    found = parse(text, path="x.yaml")

    assert [(12, "t_ns / 2 MHz is 2π times as many rad/µs"), (15, "1/4 MHz is 1.5708 rad/µs")] == list(
        converted(found.document)
    )
