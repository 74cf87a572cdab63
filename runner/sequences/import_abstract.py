"""An abstract representation → the text of an experiment file that means exactly the same."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.domain import constants_differences, constants_of
from runner.domain.digests import recipe_parts
from runner.errors import SequenceError, SpecError
from runner.sequences import compiled
from runner.sequences.construction.devices import nearest_device
from runner.sequences.construction.draft import Said, draft_of
from runner.sequences.proposals import proposals
from runner.sequences.pulser_api.abstract_repr import (
    RepresentationError,
    read,
    read_device,
    with_measurement,
    written_down,
)
from runner.sequences.pulser_api.pulser_messages import message_of, recorded_warnings
from runner.spec import parse
from runner.spec.abstract_repr import unwrapped, variables_of
from runner.spec.format.formatter import formatted
from runner.spec.from_abstract.experiment import experiment_of
from runner.spec.from_abstract.expressions import calculated_with, used_variables
from runner.spec.yaml_text.dump import yaml_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.domain.json_values import JobValues, JsonObject
    from runner.errors import Problem
    from runner.sequences.pulser_api.device_limits import AnyDevice, AnySequence
    from runner.spec import ExperimentFile
    from runner.spec.abstract_repr import AbstractSequence

_HINT = "name it in an experiment file as it is: sequence: {file: …}"
_DEVICE_HINT = (
    "keep the device in a file of its own, which the experiment file then names: --device-file device.json"
)
_SHOWN = 4
_PATH = "imported.yaml"
_EMULATORS = ("EMU_FREE", "EMU_SV", "EMU_MPS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """An experiment file with a sequence written out, and one job.

    Args:
        text: The experiment file, in form.

        device: Content of the file of its device, as Pulser writes it.

        is_named: Whether the representation only named its device, so that it is what this Pulser has.

        unused: Variables of the representation that no operation uses; the file leaves them out.

        chosen: Values of the job that the representation does not propose, by the names of variables.

        problems: What keeps its job from being run; empty for a file that is valid.
    """

    text: str
    device: str
    is_named: bool
    unused: tuple[str, ...] = ()
    chosen: JobValues
    problems: Sequence[Problem] = ()


def imported(
    text: str,
    *,
    name: str,
    device_type: str | None = None,
    device_file: str | None = None,
    measure: str | None = None,
) -> Imported:
    """The experiment file that writes a sequence out.

    Args:
        text: The abstract representation, JSON.

        device_type: What runs it; the first emulator that can if None.

        device_file: The file that its device will stand in, from where the experiment file stands; None
            where the experiment file is to say the device itself.

        measure: Basis of the measurement, where the representation has none.

    Raises:
        SequenceError: When it is no sequence, or a file can't say exactly the same.
    """
    text = unwrapped(text)
    with recorded_warnings():
        expected, device = _canonical(text, measure)
        representation: AbstractSequence = json.loads(expected)
        content = json.dumps(representation["device"], indent=2, ensure_ascii=False) + "\n"
        said: str | JsonObject = _said(device) if device_file is None else {"file": device_file}
        try:
            best = _best(representation, name, device_type, said, content)
            again = _read_again(best.file)
        except (SpecError, ValueError) as error:
            raise SequenceError(f"the sequence can't be written out: {error}", hint=_HINT) from error
    if _parts(again) != _parts(expected):
        raise SequenceError("written out, the sequence would not be the same", hint=_HINT)
    given = json.loads(text)
    is_named = isinstance(given["device"], str)
    _refuse_other_constants(expected if is_named else text, again)
    return Imported(
        text=best.text,
        device=content,
        is_named=is_named,
        unused=tuple(each for each in given["variables"] if each not in representation["variables"]),
        chosen=_chosen(best.file, representation),
        problems=best.problems,
    )


class _Attempt(NamedTuple):
    """A file, and what keeps its job from being run."""

    text: str
    file: ExperimentFile
    problems: Sequence[Problem]


def _best(
    representation: AbstractSequence,
    name: str,
    device_type: str | None,
    device: str | JsonObject,
    content: str,
) -> _Attempt:
    """The first file that is valid; where none is, the first one."""
    attempts: list[_Attempt] = []
    for kind in _EMULATORS if device_type is None else (device_type,):
        for variables in proposals(representation):
            changed: AbstractSequence = {**representation, "variables": variables}
            experiment = experiment_of(changed, name=name, device_type=kind, device=device)
            text = formatted(yaml_text(experiment), path=_PATH)
            file = parse(text, path=_PATH, companion=lambda _: content)
            attempts.append(_Attempt(text, file, _problems(file)))
            if not attempts[-1].problems:
                return attempts[-1]
    return attempts[0]


def _problems(file: ExperimentFile) -> tuple[Problem, ...]:
    """What keeps the job of a file from being run."""
    try:
        compiled(file)
    except SpecError as error:
        return tuple(error.problems)
    return ()


def _chosen(file: ExperimentFile, representation: AbstractSequence) -> JobValues:
    """Values of the job that are other ones than those that the representation proposes."""
    proposed = {name: each["value"] for name, each in representation["variables"].items()}
    (job,) = file.jobs
    return {
        name: value
        for name, value in job.variables.items()
        if name in proposed and value not in (proposed[name], proposed[name][0])
    }


def _canonical(text: str, measure: str | None) -> tuple[str, AnyDevice]:
    """The representation as Pulser would write it today, with a measurement and the values it proposes."""
    try:
        variables_of(text)
        given = json.loads(text)
        sequence = read(text)
        channels = sequence.declared_channels
    except Exception as error:  # Pulser fails with many kinds, all of them are problems
        raise SequenceError(f"Pulser can't read the sequence: {message_of(error)}") from error
    if not channels:
        raise SequenceError("the sequence declares no channel: there is nothing to play", hint=_HINT)
    _measure(sequence, measure)
    try:
        representation = json.loads(written_down(sequence, name="x"))
        device = _device(given["device"], sequence.device)
    except Exception as error:
        raise SequenceError(f"Pulser can't write the sequence down: {message_of(error)}") from error
    proposed = {str(atom["qid"]): atom for atom in given["register"] if "qid" in atom}
    representation["register"] = [proposed.get(atom.get("qid"), atom) for atom in representation["register"]]
    used = used_variables(representation["operations"])
    variables = {name: each for name, each in given.get("variables", {}).items() if name in used}
    changes = {"variables": variables, "device": json.loads(device.to_abstract_repr())}
    return json.dumps(representation | changes), device


def _measure(sequence: AnySequence, basis: str | None) -> None:
    """Append the measurement that a sequence lacks."""
    try:
        with_measurement(sequence, basis)
    except RepresentationError as error:
        bases = sequence.get_addressed_bases() or tuple(sorted(sequence.device.supported_bases))
        is_open = not sequence.is_measured() and basis is None
        hint = f"say which, as in --measure {min(bases, default='ground-rydberg')}" if is_open else ""
        raise SequenceError(str(error), hint=hint) from error


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


def _read_again(file: ExperimentFile) -> str:
    """The representation that a file is sent as."""
    said = Said(file)
    draft = draft_of(said)
    said.refuse_if_faulty()
    return written_down(draft.sequence, name="x")


def _parts(text: str) -> object:
    """What makes two sequences the same; values and traps that are only proposed do not count.

    A list of one is the number in it where something is calculated with it: so the file means it.
    """
    sequence = recipe_parts(device_type="", sequence=text)["sequence"]
    kinds = {name: [each["type"], len(each["value"])] for name, each in sequence["variables"].items()}
    atoms = [{key: atom[key] for key in atom if key != "default_trap"} for atom in sequence["register"]]
    lists_of_one = frozenset(name for name, (_, size) in kinds.items() if size == 1)
    changes = {
        "variables": kinds,
        "register": atoms,
        "operations": calculated_with(sequence["operations"], lists_of_one),
        "device": json.loads(text)["device"],
    }
    return sequence | changes


def _refuse_other_constants(given: str, again: str) -> None:
    """Refuse a sequence of whose device Pulser reads something else than what it says."""
    one, other = (constants_of(text, with_noise=True) for text in (given, again))
    if lost := [path for path, _, _ in constants_differences(one, other)]:
        message = f"Pulser reads the device otherwise than the sequence says it: {', '.join(lost)}"
        raise SequenceError(message, hint=_HINT)
