"""An abstract representation → the text of an experiment file that means exactly the same."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.domain import constants_differences, constants_of
from runner.domain.digests import recipe_parts
from runner.errors import SequenceError, SpecError
from runner.sequences.construction.devices import nearest_device
from runner.sequences.construction.draft import Said, draft_of
from runner.sequences.pulser_api.abstract_repr import read, read_device, with_measurement, written_down
from runner.sequences.pulser_api.pulser_messages import message_of, recorded_warnings
from runner.spec import parse
from runner.spec.abstract_repr import unwrapped, variables_of
from runner.spec.from_abstract.experiment import experiment_of
from runner.spec.yaml_text.dump import yaml_text

if TYPE_CHECKING:
    from runner.domain.json_values import JsonObject
    from runner.sequences.pulser_api.device_limits import AnyDevice

_HINT = "name it in an experiment file as it is: sequence: {file: …}"
_DEVICE_HINT = (
    "keep the device in a file of its own, which the experiment file then names: --device-file device.json"
)
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Imported:
    """An experiment file with a sequence written out, and one job with its default values.

    Args:
        text: The experiment file.

        device: Content of the file of its device, as Pulser writes it.

        is_named: Whether the representation only named its device, so that it is what this Pulser has.
    """

    text: str
    device: str
    is_named: bool


def imported(text: str, *, name: str, device_type: str, device_file: str | None = None) -> Imported:
    """The experiment file that writes a sequence out.

    Args:
        text: The abstract representation, JSON.

        device_file: The file that its device will stand in, from where the experiment file stands; None
            where the experiment file is to say the device itself.

    Raises:
        SequenceError: When it is no sequence, or a file can't say exactly the same.
    """
    with recorded_warnings():
        expected, device = _canonical(unwrapped(text))
        representation = json.loads(expected)
        content = json.dumps(representation["device"], indent=2, ensure_ascii=False) + "\n"
        said: str | JsonObject = _said(device) if device_file is None else {"file": device_file}
        try:
            experiment = experiment_of(representation, name=name, device_type=device_type, device=said)
            written = yaml_text(experiment)
            again = _read_again(written, content)
        except (SpecError, ValueError) as error:
            raise SequenceError(f"the sequence can't be written out: {error}", hint=_HINT) from error
    if _parts(again) != _parts(expected):
        raise SequenceError("written out, the sequence would not be the same", hint=_HINT)
    is_named = isinstance(json.loads(text)["device"], str)
    _refuse_other_constants(expected if is_named else text, again)
    return Imported(written, content, is_named)


def _canonical(text: str) -> tuple[str, AnyDevice]:
    """The representation as Pulser would write it today, with a measurement and the values it proposes."""
    try:
        variables_of(text)
        given = json.loads(text)
        sequence = read(text)
        with_measurement(sequence)
        representation = json.loads(written_down(sequence, name="x"))
        device = _device(given["device"], sequence.device)
    except Exception as error:  # Pulser fails with many kinds, all of them are problems
        raise SequenceError(f"Pulser can't read the sequence: {message_of(error)}") from error
    proposed = {str(atom["qid"]): atom for atom in given["register"] if "qid" in atom}
    representation["register"] = [proposed.get(atom.get("qid"), atom) for atom in representation["register"]]
    changes = {"variables": given["variables"], "device": json.loads(device.to_abstract_repr())}
    return json.dumps(representation | changes), device


def _device(said: Any, as_read: AnyDevice) -> AnyDevice:
    """The device of a representation: as it stands there, or as Pulser has it where it is only named."""
    return as_read if isinstance(said, str) else read_device(json.dumps(said), "the device")


def _said(device: AnyDevice) -> str | JsonObject:
    """What the file says of the device, if that is all of it."""
    nearest = nearest_device(device)
    if not nearest.left:
        return nearest.said
    of = nearest.said if isinstance(nearest.said, str) else nearest.said["of"]
    more = f" and {len(nearest.left) - _SHOWN} more" if len(nearest.left) > _SHOWN else ""
    listed = ", ".join(nearest.left[:_SHOWN])
    message = f"the device {device.name} is not Pulser's {of}, and a file has no words for its {listed}{more}"
    raise SequenceError(message, hint=_DEVICE_HINT)


def _read_again(written: str, device: str) -> str:
    """The representation that a file is sent as."""
    said = Said(parse(written, path="imported.yaml", companion=lambda _: device))
    draft = draft_of(said)
    said.refuse_if_faulty()
    return written_down(draft.sequence, name="x")


def _parts(text: str) -> object:
    """What makes two sequences the same; values and traps that are only proposed do not count."""
    sequence = recipe_parts(device_type="", sequence=text)["sequence"]
    kinds = {name: [each["type"], len(each["value"])] for name, each in sequence["variables"].items()}
    atoms = [{key: atom[key] for key in atom if key != "default_trap"} for atom in sequence["register"]]
    return sequence | {"variables": kinds, "register": atoms, "device": json.loads(text)["device"]}


def _refuse_other_constants(given: str, again: str) -> None:
    """Refuse a sequence of whose device Pulser reads something else than what it says."""
    one, other = (constants_of(text, with_noise=True) for text in (given, again))
    if lost := [path for path, _, _ in constants_differences(one, other)]:
        message = f"Pulser reads the device otherwise than the sequence says it: {', '.join(lost)}"
        raise SequenceError(message, hint=_HINT)
