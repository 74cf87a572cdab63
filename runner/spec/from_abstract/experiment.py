"""An abstract representation → the experiment that a file would write out for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.spec.abstract_repr import RepresentationError
from runner.spec.from_abstract.expressions import plain_variables, used_variables
from runner.spec.from_abstract.waveforms import phases, pulse, said, waveform

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    _Writer = Callable[[Mapping[str, Any], frozenset[str], list[str]], Any]

_RUNS = 100
_USUAL_FIELD = [0, 0, 30]
_USUAL = {"at_rest": False, "correct_phase_drift": False, "protocol": "min-delay", "post_phase_shift": 0}
_RENAMED = {"duration": "duration_ns", "time": "duration_ns"}


def experiment_of(
    representation: Mapping[str, Any], *, name: str, device_type: str, device: str | Mapping[str, Any]
) -> dict[str, Any]:
    """Content of an experiment file with the sequence written out, and one job with its default values.

    Args:
        representation: The sequence, as JSON has it; Pulser can read it.

        name: What the experiment is called.

        device_type: What runs it.

        device: What the file says of the device.

    Raises:
        RepresentationError: When a file can't say it.
    """
    scalars, sequence = plain_variables(dict(representation)), dict[str, Any]()
    sequence["device"] = device
    sequence["register"], layout = _register(representation)
    if layout is not None:
        sequence["layout"] = layout
    sequence["channels"] = dict(representation["channels"])
    if representation.get("magnetic_field", _USUAL_FIELD) != _USUAL_FIELD:
        sequence["magnetic_field_gauss"] = representation["magnetic_field"]
    if variables := _variables(representation, scalars):
        sequence["variables"] = variables
    sequence["operations"] = _operations(representation, scalars)
    spec = {"device_type": device_type, "sequence": sequence, "jobs": [_job(representation, scalars)]}
    return {"apiVersion": "runner/v1", "kind": "Experiment", "metadata": {"name": name}, "spec": spec}


def _register(representation: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Register and layout."""
    atoms, layout = representation["register"], representation.get("layout")
    if layout is not None:
        traps = {"coordinates_um": layout["coordinates"]}
        layout = {"traps": traps | ({"slug": layout["slug"]} if "slug" in layout else {})}
    if any("qid" in atom for atom in atoms):
        return {"mappable": [str(atom["qid"]) for atom in atoms]}, layout
    places = {str(atom["name"]): [atom[axis] for axis in "xyz" if axis in atom] for atom in atoms}
    return {"coordinates_um": places}, layout


def _variables(representation: Mapping[str, Any], scalars: frozenset[str]) -> dict[str, Any]:
    unused = set(representation["variables"]) - used_variables(representation["operations"])
    if unused:
        raise RepresentationError(f"no operation uses its variable {min(unused)}")
    return {
        name: each["type"] if name in scalars else {"type": each["type"], "size": len(each["value"])}
        for name, each in representation["variables"].items()
    }


def _job(representation: Mapping[str, Any], scalars: frozenset[str]) -> dict[str, Any]:
    """One job with the values that the representation proposes."""
    job: dict[str, Any] = {"runs": _RUNS}
    atoms = [atom for atom in representation["register"] if "qid" in atom]
    if atoms:
        job["qubits"] = {str(atom["qid"]): atom.get("default_trap", i) for i, atom in enumerate(atoms)}
    if variables := representation["variables"]:
        job["variables"] = {
            name: each["value"][0] if name in scalars else each["value"] for name, each in variables.items()
        }
    return job


def _operations(representation: Mapping[str, Any], scalars: frozenset[str]) -> list[dict[str, Any]]:
    atoms = [str(atom.get("name", atom.get("qid"))) for atom in representation["register"]]
    written: list[dict[str, Any]] = []
    if "slm_mask_targets" in representation:
        written.append({"config_slm_mask": {"qubits": [str(q) for q in representation["slm_mask_targets"]]}})
    for operation in representation["operations"]:
        write: _Writer = _WRITERS.get(operation["op"], _plain)
        written.append({operation["op"]: write(operation, scalars, atoms)})
    if representation["measurement"] is not None:
        written.append({"measure": representation["measurement"]})
    return written


def _plain(operation: Mapping[str, Any], scalars: frozenset[str], _: list[str]) -> dict[str, Any]:
    """Key by key; what is usual is left out."""
    return {
        _RENAMED.get(key, key): said(key, value, scalars)
        for key, value in operation.items()
        if key != "op" and not (key in _USUAL and value == _USUAL[key])
    }


def _align(operation: Mapping[str, Any], _: frozenset[str], __: list[str]) -> Any:
    channels = operation["channels"]
    return channels if operation.get("at_rest", True) else {"channels": channels, "at_rest": False}


def _target(operation: Mapping[str, Any], scalars: frozenset[str], atoms: list[str]) -> dict[str, Any]:
    target = operation["target"]
    if isinstance(target, dict):
        return {"channel": operation["channel"], "indices": said("target", target, scalars)}
    numbers = target if isinstance(target, list) else [target]
    return {"channel": operation["channel"], "qubits": [atoms[int(i)] for i in numbers]}


def _phase_shift(operation: Mapping[str, Any], scalars: frozenset[str], atoms: list[str]) -> dict[str, Any]:
    targets = operation["targets"]
    written: dict[str, Any] = {"phi": said("phi", operation["phi"], scalars)}
    if any(isinstance(target, dict) for target in targets):
        written["indices"] = [said("target", target, scalars) for target in targets]
    elif targets:
        written["qubits"] = [atoms[int(i)] for i in targets]
    return written | {"basis": operation["basis"]}


def _map(operation: Mapping[str, Any], _: frozenset[str], __: list[str]) -> dict[str, Any]:
    config = operation["detuning_map"]
    traps = [{"x_um": trap["x"], "y_um": trap["y"], "weight": trap["weight"]} for trap in config["traps"]]
    slug = {"slug": config["slug"]} if "slug" in config else {}
    return {"traps": traps, "dmm_id": operation["dmm_id"]} | slug


def _detuning(operation: Mapping[str, Any], scalars: frozenset[str], _: list[str]) -> dict[str, Any]:
    shape = waveform(operation["waveform"], scalars)
    return {"dmm_name": operation["dmm_name"], "waveform": shape, "protocol": operation["protocol"]}


def _arbitrary(operation: Mapping[str, Any], scalars: frozenset[str], _: list[str]) -> dict[str, Any]:
    amplitude = waveform(operation["amplitude"], scalars)
    return {"channel": operation["channel"], "amplitude": amplitude} | phases(operation, scalars)


_WRITERS: Mapping[str, _Writer] = {
    "pulse": lambda operation, scalars, _: pulse(operation, scalars),
    "pulse_arbitrary_phase": _arbitrary,
    "align": _align,
    "target": _target,
    "phase_shift": _phase_shift,
    "config_detuning_map": _map,
    "add_dmm_detuning": _detuning,
}
