"""The models' complaints in words for people: what was expected, what stands there, what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.domain.numerals import counted
from runner.domain.suggestions import nearest, readable, suggestion
from runner.spec.models.frequencies import MHZ
from runner.spec.validate.schema import guide_at
from runner.spec.yaml_text.dump import on_one_line
from runner.spec.yaml_text.json_pointers import child, parent, pointer_of, steps_of
from runner.spec.yaml_text.scalars import Scalar, ScalarError, plain_scalar
from runner.spec.yaml_text.slips import number_hint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic_core import ErrorDetails

    from runner.domain.json_values import Json

_SHOWN_CHARACTERS = 40
_EXAMPLE_CHARACTERS = 80
_FORMS = {"dict_type": dict, "model_type": dict, "tuple_type": list}
# What others call our keys.
_OTHER_WORDS = {
    **dict.fromkeys(("shots", "n_shots", "num_shots", "n_runs", "repetitions"), "runs"),
    **dict.fromkeys(("params", "parameters", "args"), "variables"),
    **dict.fromkeys(("backend", "target", "emulator"), "device_type"),
    **dict.fromkeys(("circuit", "program", "sequence_builder"), "sequence"),
    **dict.fromkeys(("scan", "grid", "matrix"), "sweep"),
    **dict.fromkeys(("pulses", "instructions"), "operations"),
    **dict.fromkeys(("qubits", "atoms"), "register"),
    **dict.fromkeys(("min", "max", "low", "high", "range", "bounds", "interval"), "uniform"),
}
_OTHER_FORM = "it belongs to another form of this mapping; only one form can be used"
# Steps of pydantic that are no steps of the file: marks of alternatives, and of keys.
_MARKS = frozenset(
    {"<number>", "<text>", "<list>", "<mapping>", "<flag>"}
    | {"<written>", "<file>", "<python>", "<of>", "<target>", "<mhz>", "[key]"}
)
# {ge} and the like come from the constraint that does not hold.
_EXPECTED = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "tuple_type": "a list",
    "greater_than_equal": "at least {ge:g}",
    "greater_than": "more than {gt:g}",
    "less_than": "less than {lt:g}",
    "less_than_equal": "at most {le:g}",
    "string_too_short": "text of {min_length} or more characters",
    "string_too_long": "text of at most {max_length} characters",
    "too_short": "{min_length} or more",
    "too_long": "{max_length} at most",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of the content, before it has a place.

    Args:
        of_key: Whether the key is at fault, and not the value.

        lacking: Whether the value is not there.
    """

    pointer: str
    message: str
    hint: str = ""
    of_key: bool = False
    lacking: bool = False


def fault_of(data: Json, details: ErrorDetails) -> Fault:
    """One complaint of the models in words."""
    pointer = pointer_of(*(step for step in details["loc"] if step not in _MARKS))
    if "[key]" in details["loc"]:
        return Fault(pointer, _bad_name(details), of_key=True)
    explain = _EXPLANATIONS.get(details["type"], _unexpected)
    return explain(data, pointer, details)


def is_miscounted(details: ErrorDetails) -> bool:
    """Whether a list is said to be too short only because what is wrong in it was not counted."""
    return details["type"] == "too_short" and len(details["input"]) >= details["ctx"]["min_length"]


def without_echoes(faults: list[Fault]) -> list[Fault]:
    """Each mistake once: a misspelt key is not also the lack of the right one."""
    misspelt = {(parent(fault.pointer), fault.hint) for fault in faults if fault.of_key}
    return [fault for fault in faults if not (fault.lacking and misspelt & _meant(fault))]


def _meant(fault: Fault) -> set[tuple[str, str]]:
    """What is said of keys that may stand for one that is lacking: where, and the hint."""
    name = steps_of(fault.pointer)[-1]
    names = ("jobs", "strategy") if name == "jobs" else (name,)
    return {(parent(fault.pointer), f"did you mean {each}?") for each in names}


def _bad_name(details: ErrorDetails) -> str:
    name = shown(details["input"])
    if details["type"] == "string_pattern_mismatch":
        return f"{name} can't be a name: letters, digits and _ only, and no digit in front"
    return f"{name} can't be a name: expected {_expected(details)}"


def _unknown_key(data: Json, pointer: str, _: ErrorDetails) -> Fault:
    key, known = steps_of(pointer)[-1], guide_at(data, parent(pointer)).keys
    meant = _OTHER_WORDS.get(key.lower())
    hint = f"did you mean {meant}?" if meant in known else suggestion(key, known, kind="keys")
    hint = _OTHER_FORM if key in known else hint
    if not parent(pointer) and key in guide_at(data, "/spec").keys:
        hint = "it belongs to spec: indent it, and what is below it"
    return Fault(pointer, f"there is no key {key} here", hint, of_key=True)


def _missing_key(data: Json, pointer: str, details: ErrorDetails) -> Fault:
    if isinstance(details["input"], list | tuple):
        return _too_few(data, parent(pointer), details)
    purpose = guide_at(data, pointer).description
    return Fault(pointer, f"the key {steps_of(pointer)[-1]} is missing", purpose, lacking=True)


def _too_few(data: Json, pointer: str, details: ErrorDetails) -> Fault:
    """A list of a certain length that is shorter; said once, however many items are missing."""
    purpose = guide_at(data, pointer).description
    return Fault(pointer, f"expected more than {counted(len(details['input']), 'item')}", purpose)


def _bad_form(data: Json, pointer: str, details: ErrorDetails) -> Fault:
    *_, owner, last = ("", *steps_of(pointer))
    what = owner.removesuffix("s") if last.isdecimal() else last
    hint = guide_at(data, pointer).description or _example(data, parent(pointer), list)
    return Fault(pointer, f"{shown(details['input'])} is no valid {what}", hint)


def _unknown_word(data: Json, pointer: str, details: ErrorDetails) -> Fault:
    value = details["input"]
    # pydantic lists them as 'a', 'b' or 'c'
    words = str(details["ctx"]["expected"]).split("'")[1::2]
    keys = guide_at(data, pointer).keys  # where a mapping may stand in place of a word
    message = f"expected {' or '.join(words)}{' or a mapping' if keys else ''}, not {shown(value)}"
    near = nearest(value, [*words, *keys]) if isinstance(value, str) else None
    if near is None:
        return Fault(pointer, message, suggestion("", keys, kind="keys") if keys else "")
    return Fault(
        pointer, message, f"did you mean {near}?" if near in words else f"did you mean {{{near}: …}}?"
    )


def _unexpected(data: Json, pointer: str, details: ErrorDetails) -> Fault:
    kind, value = details["type"], details["input"]
    if kind not in _EXPECTED and kind not in ("kind", "number"):
        return Fault(pointer, details["msg"])
    guide = guide_at(data, pointer)
    if kind == "string_type" and guide.pattern and not re.search(guide.pattern, str(value)):
        return Fault(pointer, f"expected text, not {shown(value)}", guide.description)  # quotes do not help
    there = str(len(value)) if kind in ("too_short", "too_long") else shown(value)
    hint = _slip(kind, value) or _example(data, pointer, _FORMS.get(kind))
    return Fault(pointer, f"expected {_expected(details)}, not {there}", hint)


def _example(data: Json, pointer: str, form: type | None) -> str:
    """What a list or a mapping looks like at a place: the first example that fits a line, or its keys."""
    if form is None:
        return ""
    guide = guide_at(data, pointer)
    texts = (on_one_line(each) for each in guide.examples if isinstance(each, form))
    keys = suggestion("", guide.keys, kind="keys") if form is dict and guide.keys else ""
    return next((f"for example {text}" for text in texts if len(text) <= _EXAMPLE_CHARACTERS), keys)


def _bad_expression(_: Json, pointer: str, details: ErrorDetails) -> Fault:
    return Fault(pointer, details["msg"], details["ctx"]["hint"] or number_hint(str(details["input"])))


def _two_ways(_: Json, pointer: str, details: ErrorDetails) -> Fault:
    hint = "a strategy asks for its jobs by what comes back: remove one of both"
    return Fault(child(pointer, "strategy"), details["msg"], hint, of_key=True)


_EXPLANATIONS: Mapping[str, Callable[[Json, str, ErrorDetails], Fault]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing_key,
    "string_pattern_mismatch": _bad_form,
    "literal_error": _unknown_word,
    "expression": _bad_expression,
    "jobs": _two_ways,
}


def _expected(details: ErrorDetails) -> str:
    context: Mapping[str, object] = details.get("ctx", {})
    template = _EXPECTED.get(details["type"])
    return template.format_map(context) if template else details["msg"].removeprefix("expected ")


def _slip(kind: str, value: object) -> str:
    """Quotes make text of a number, the usual slip, both ways; and a unit where it has no meaning."""
    if isinstance(value, dict) and MHZ not in value and any(str(key).lower() == MHZ for key in value):
        return f"did you mean {{{MHZ}: …}}?"
    if isinstance(value, dict) and MHZ in value:
        return "mhz stands where an angular frequency does: of amplitudes and detunings, and of variables"
    if kind == "string_type" and isinstance(value, bool | int | float):
        return "put it into quotes to make it text"
    if not isinstance(value, str) or kind == "string_type" or kind in _FORMS:
        return ""
    is_number = isinstance(_plain(value), int | float)
    return "it is text because of its quotes" if is_number else number_hint(value)


def _plain(word: str) -> Scalar:
    try:
        return plain_scalar(word)
    except ScalarError:
        return None


def shown(value: object) -> str:
    """A value of the file, short enough for a message."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case list() | tuple():
            return f"a list of {len(value)}"
        case dict():
            return "a mapping"
        case str():
            return f'"{readable(value, _SHOWN_CHARACTERS)}"'
    return "nothing"
