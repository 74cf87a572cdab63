"""Waveforms and pulses of an abstract representation → what a file says for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.spec.from_abstract.expressions import expression_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEYS = {"duration": "duration_ns", "start": "from", "stop": "to"}
_DURATIONS = frozenset({"duration", "time"})


def said(key: str, value: Any, scalars: frozenset[str]) -> Any:
    """What a file says for a value of the representation: a number, a list, or an expression."""
    if isinstance(value, dict):
        return expression_text(value, scalars)
    if key in _DURATIONS and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def waveform(node: Mapping[str, Any], scalars: frozenset[str]) -> dict[str, Any]:
    """What a file says for a waveform."""
    kind = node["kind"]
    if kind == "composite":
        return {kind: [waveform(part, scalars) for part in node["waveforms"]]}
    return {
        kind: {_KEYS.get(key, key): said(key, value, scalars) for key, value in node.items() if key != "kind"}
    }


def pulse(node: Mapping[str, Any], scalars: frozenset[str]) -> dict[str, Any]:
    """What a file says for a pulse: two numbers where both are constant, else at least one waveform."""
    amplitude, detuning = node["amplitude"], node["detuning"]
    written: dict[str, Any] = {"channel": node["channel"]}
    if _is_square(amplitude, detuning):
        written["amplitude"] = said("value", amplitude["value"], scalars)
        written["detuning"] = said("value", detuning["value"], scalars)
        written["duration_ns"] = said("duration", amplitude["duration"], scalars)
    else:
        written["amplitude"] = _level(amplitude, scalars)
        written["detuning"] = _level(detuning, scalars)
    return written | phases(node, scalars)


def phases(node: Mapping[str, Any], scalars: frozenset[str]) -> dict[str, Any]:
    """Phase, phase shift and protocol of a pulse, where they are not the usual ones."""
    written: dict[str, Any] = {}
    for key in ("phase", "post_phase_shift"):
        if node[key] != 0:
            shape = isinstance(node[key], dict) and "kind" in node[key]
            written[key] = waveform(node[key], scalars) if shape else said(key, node[key], scalars)
    if node["protocol"] != "min-delay":
        written["protocol"] = node["protocol"]
    return written


def _is_square(amplitude: Mapping[str, Any], detuning: Mapping[str, Any]) -> bool:
    both_constant = amplitude["kind"] == detuning["kind"] == "constant"
    return bool(both_constant and amplitude["duration"] == detuning["duration"])


def _level(node: Mapping[str, Any], scalars: frozenset[str]) -> Any:
    # A constant of no duration lasts as long as the waveform beside it.
    if node["kind"] == "constant" and node["duration"] == 0:
        return said("value", node["value"], scalars)
    return waveform(node, scalars)
