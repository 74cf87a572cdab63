"""An abstract representation → the text of an experiment file that means exactly the same."""

from __future__ import annotations

import json

from runner.domain.digests import recipe_parts
from runner.errors import SequenceError, SpecError
from runner.sequences.drafting import Said, drafted
from runner.sequences.remarks import message_of, recorded_warnings
from runner.sequences.representation import read, with_measurement, written_down
from runner.sequences.targets import known_devices
from runner.spec import parse
from runner.spec.dumping import yaml_text
from runner.spec.representation import variables_of
from runner.spec.writing import experiment_of

_HINT = "name it in an experiment file as it is: sequence: {file: …}"


def imported(text: str, *, name: str, device_type: str) -> str:
    """Text of an experiment file with the sequence written out, and one job with its default values.

    Args:
        text: The abstract representation, JSON.

        name: What the experiment is called.

        device_type: What runs it.

    Raises:
        SequenceError: When it is no sequence, or a file can't say exactly the same.
    """
    with recorded_warnings():
        expected = _canonical(text)
        representation = json.loads(expected)
        try:
            written = yaml_text(experiment_of(representation, name=name, device_type=device_type))
            again = _read_again(written)
        except (SpecError, ValueError) as error:
            raise SequenceError(f"the sequence can't be written out: {error}", hint=_HINT) from error
    if _parts(again) != _parts(expected):
        raise SequenceError("written out, the sequence would not be the same", hint=_HINT)
    return written


def _canonical(text: str) -> str:
    """The representation as Pulser would write it today, with a measurement, and the values it proposes."""
    try:
        variables_of(text)
        given = json.loads(text)
        sequence = read(text)
        with_measurement(sequence)
        representation = json.loads(written_down(sequence, name="x"))
    except Exception as error:  # Pulser fails with many kinds, all of them are problems
        raise SequenceError(f"Pulser can't read the sequence: {message_of(error)}") from error
    if (device := sequence.device.name) not in known_devices():
        raise SequenceError(f"{device} is none of Pulser's devices, which a file can name", hint=_HINT)
    proposed = {str(atom["qid"]): atom for atom in given["register"] if "qid" in atom}
    representation["register"] = [proposed.get(atom.get("qid"), atom) for atom in representation["register"]]
    return json.dumps(representation | {"variables": given["variables"]})


def _read_again(written: str) -> str:
    """The representation that a file is sent as."""
    said = Said(parse(written, path="imported.yaml"))
    draft = drafted(said)
    said.refuse_if_faulty()
    return written_down(draft.sequence, name="x")


def _parts(text: str) -> object:
    """What makes two sequences the same; values and traps that are only proposed do not count."""
    sequence = recipe_parts(device_type="", sequence=text)["sequence"]
    kinds = {name: [each["type"], len(each["value"])] for name, each in sequence["variables"].items()}
    atoms = [{key: atom[key] for key in atom if key != "default_trap"} for atom in sequence["register"]]
    return sequence | {"variables": kinds, "register": atoms}
