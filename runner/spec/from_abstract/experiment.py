"""An abstract representation → the experiment that a file would write out for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from runner.spec.from_abstract.expressions import expression_text, plain_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.domain.json_values import Json, JsonObject
    from runner.spec.abstract_repr import AbstractSequence, Part

_RUNS: Final = 100
_USUAL_FIELD: Final = [0, 0, 30]
_USUAL: Final = {
    "at_rest": False,
    "correct_phase_drift": False,
    "protocol": "min-delay",
    "post_phase_shift": 0,
}
_RENAMED: Final = {"duration": "duration_ns", "time": "duration_ns"}
_OF_WAVEFORMS: Final = {"duration": "duration_ns", "start": "from", "stop": "to"}


def experiment_of(
    representation: AbstractSequence, *, name: str, device_type: str, device: str | JsonObject
) -> JsonObject:
    """Content of an experiment file with the sequence written out, and one job with its default values.

    Args:
        representation: The sequence, as JSON has it; Pulser can read it.

    Raises:
        RepresentationError: When a file can't say it.
    """
    writer = _Writer(representation, plain_variables(dict(representation)))
    spec: JsonObject = {
        "device_type": device_type,
        "sequence": writer.sequence(device),
        "jobs": [writer.job()],
    }
    return {"apiVersion": "runner/v1", "kind": "Experiment", "metadata": {"name": name}, "spec": spec}


@dataclass(frozen=True, slots=True)
class _Writer:
    """Says a sequence in the words of a file.

    Args:
        scalars: Variables that are plain numbers in the file, and lists of one in the representation.
    """

    said: AbstractSequence
    scalars: frozenset[str]

    def sequence(self, device: str | JsonObject) -> JsonObject:
        """The sequence, written out."""
        written: JsonObject = {"device": device, "register": self._register()}
        if (layout := self.said.get("layout")) is not None:
            slug: JsonObject = {"slug": layout["slug"]} if "slug" in layout else {}
            written["layout"] = {
                "traps": {"coordinates_um": [[*each] for each in layout["coordinates"]], **slug}
            }
        written["channels"] = {**self.said["channels"]}
        field_gauss = self.said.get("magnetic_field", _USUAL_FIELD)
        if field_gauss != _USUAL_FIELD:
            written["magnetic_field_gauss"] = [*field_gauss]
        if variables := self._variables():
            written["variables"] = variables
        return written | {"operations": self._operations()}

    def job(self) -> JsonObject:
        """One job with the values that the representation proposes."""
        job: JsonObject = {"runs": _RUNS}
        atoms = [atom for atom in self.said["register"] if "qid" in atom]
        if atoms:
            job["qubits"] = _traps(atoms)
        if variables := self.said["variables"]:
            job["variables"] = {
                name: each["value"][0] if name in self.scalars else [*each["value"]]
                for name, each in variables.items()
            }
        return job

    def _register(self) -> JsonObject:
        atoms = self.said["register"]
        if any("qid" in atom for atom in atoms):
            return {"mappable": [str(atom["qid"]) for atom in atoms]}
        return {
            "coordinates_um": {
                str(each["name"]): [each[axis] for axis in "xyz" if axis in each] for each in atoms
            }
        }

    def _variables(self) -> JsonObject:
        return {
            name: each["type"] if name in self.scalars else {"type": each["type"], "size": len(each["value"])}
            for name, each in self.said["variables"].items()
        }

    def _operations(self) -> list[Json]:
        written: list[Json] = []
        if "slm_mask_targets" in self.said:
            masked: list[Json] = [str(qubit) for qubit in self.said["slm_mask_targets"]]
            written.append({"config_slm_mask": {"qubits": masked}})
        for operation in self.said["operations"]:
            write = _WRITERS.get(operation["op"], _Writer.plain)
            written.append({operation["op"]: write(self, operation)})
        if self.said["measurement"] is not None:
            written.append({"measure": self.said["measurement"]})
        return written

    def _value(self, key: str, value: Any) -> Any:
        """What a file says for a value: a number, a list, or an expression."""
        if isinstance(value, dict):
            return expression_text(value, self.scalars)
        if key in _RENAMED and isinstance(value, float) and value.is_integer():
            return int(value)
        return value

    def plain(self, operation: Part) -> Json:
        """Key by key; what is usual is left out."""
        return {
            _RENAMED.get(key, key): self._value(key, value)
            for key, value in operation.items()
            if key != "op" and not (key in _USUAL and value == _USUAL[key])
        }

    def _waveform(self, node: Part) -> Json:
        kind = node["kind"]
        if kind == "composite":
            return {kind: [self._waveform(part) for part in node["waveforms"]]}
        keys = {_OF_WAVEFORMS.get(key, key): self._value(key, node[key]) for key in node if key != "kind"}
        return {kind: keys}

    def pulse(self, node: Part) -> Json:
        """Two numbers where both are constant, else at least one waveform."""
        amplitude, detuning = node["amplitude"], node["detuning"]
        written: JsonObject = {"channel": node["channel"]}
        if (
            amplitude["kind"] == detuning["kind"] == "constant"
            and amplitude["duration"] == detuning["duration"]
        ):
            written["amplitude"] = self._value("value", amplitude["value"])
            written["detuning"] = self._value("value", detuning["value"])
            written["duration_ns"] = self._value("duration", amplitude["duration"])
        else:
            written |= {"amplitude": self._level(amplitude), "detuning": self._level(detuning)}
        return written | self._phases(node)

    def _level(self, node: Part) -> Json:
        # A constant of no duration lasts as long as the waveform beside it.
        is_held: bool = node["kind"] == "constant" and node["duration"] == 0
        return self._value("value", node["value"]) if is_held else self._waveform(node)

    def _phases(self, node: Part) -> JsonObject:
        """Phase, phase shift and protocol of a pulse, where they are not the usual ones."""
        written: JsonObject = {}
        for key in ("phase", "post_phase_shift"):
            if node[key] != 0:
                is_waveform = isinstance(node[key], dict) and "kind" in node[key]
                written[key] = self._waveform(node[key]) if is_waveform else self._value(key, node[key])
        if node["protocol"] != "min-delay":
            written["protocol"] = node["protocol"]
        return written

    def arbitrary(self, operation: Part) -> Json:
        amplitude = self._waveform(operation["amplitude"])
        return {"channel": operation["channel"], "amplitude": amplitude, **self._phases(operation)}

    def align(self, operation: Part) -> Json:
        channels: Json = operation["channels"]
        return channels if operation.get("at_rest", True) else {"channels": channels, "at_rest": False}

    def _names(self, numbers: list[int]) -> list[Json]:
        atoms = self.said["register"]
        return [str(atoms[int(number)].get("name", atoms[int(number)].get("qid"))) for number in numbers]

    def target(self, operation: Part) -> Json:
        target = operation["target"]
        if isinstance(target, dict):
            return {"channel": operation["channel"], "indices": self._value("target", target)}
        numbers = target if isinstance(target, list) else [target]
        return {"channel": operation["channel"], "qubits": self._names(numbers)}

    def phase_shift(self, operation: Part) -> Json:
        targets = operation["targets"]
        written: JsonObject = {"phi": self._value("phi", operation["phi"])}
        if any(isinstance(target, dict) for target in targets):
            written["indices"] = [self._value("target", target) for target in targets]
        elif targets:
            written["qubits"] = self._names(targets)
        return written | {"basis": operation["basis"]}

    def detuning_map(self, operation: Part) -> Json:
        config = operation["detuning_map"]
        traps: list[Json] = [
            {"x_um": trap["x"], "y_um": trap["y"], "weight": trap["weight"]} for trap in config["traps"]
        ]
        slug: JsonObject = {"slug": config["slug"]} if "slug" in config else {}
        return {"traps": traps, "dmm_id": operation["dmm_id"], **slug}

    def detuning(self, operation: Part) -> Json:
        shape = self._waveform(operation["waveform"])
        return {"dmm_name": operation["dmm_name"], "waveform": shape, "protocol": operation["protocol"]}


def _traps(atoms: list[Part]) -> JsonObject:
    """Traps as they are proposed for the first atoms, or else the first traps for all of them."""
    proposed = {str(atom["qid"]): atom["default_trap"] for atom in atoms if "default_trap" in atom}
    names = [str(atom["qid"]) for atom in atoms]
    is_start = bool(proposed) and [*proposed] == names[: len(proposed)]
    return proposed if is_start else {name: i for i, name in enumerate(names)}


_WRITERS: Final[Mapping[str, Callable[[_Writer, Part], Json]]] = {
    "pulse": _Writer.pulse,
    "pulse_arbitrary_phase": _Writer.arbitrary,
    "align": _Writer.align,
    "target": _Writer.target,
    "phase_shift": _Writer.phase_shift,
    "config_detuning_map": _Writer.detuning_map,
    "add_dmm_detuning": _Writer.detuning,
}
