"""Abstract representations: what is sent, and sequences and devices that come as one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pulser
from jsonschema import ValidationError
from pulser.json.abstract_repr.deserializer import deserialize_device

from runner.sequences.pulser_api.device_limits import is_machine, own_coefficient_xy
from runner.sequences.pulser_api.job_values import MAX_DURATION_NS, is_too_long
from runner.sequences.pulser_api.pulser_messages import message_of, recorded_warnings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.sequences.pulser_api.device_limits import AnyDevice, AnySequence
    from runner.sequences.pulser_api.device_specs import Specification


class RepresentationError(ValueError):
    """A sequence that can't be sent as it is."""


def with_measurement(sequence: AnySequence, basis: str | None = None) -> None:
    """Append the measurement if there is none and it is clear which one.

    Args:
        basis: The one that is meant; None where the sequence says it.

    Raises:
        RepresentationError: When several bases could be measured, or none, or one that nothing acts in; when
            the sequence measures another one than is meant.
    """
    bases = sequence.get_addressed_bases()
    measured = sequence.get_measurement_basis() if sequence.is_measured() else basis
    if basis is not None and measured != basis:
        raise RepresentationError(f"the sequence measures the {measured} basis, and not {basis}")
    if measured is not None and bases and measured not in bases:
        raise RepresentationError(not_addressed(measured, bases))
    if measured is not None and measured not in sequence.device.supported_bases:
        raise RepresentationError(f"{sequence.device.name} has no channel in the {measured} basis")
    if sequence.is_measured():
        return
    if measured is not None:
        sequence.measure(measured)
        return
    if len(bases) != 1:
        listed = ", ".join(sorted(bases)) or "no basis"
        raise RepresentationError(f"the sequence does not say what to measure, and uses {listed}")
    sequence.measure(bases[0])


def not_addressed(basis: str, addressed: Iterable[str]) -> str:
    """What is said of a measurement in a basis that no channel of the sequence addresses."""
    listed = " and ".join(sorted(addressed))
    return f"no channel addresses the {basis} basis, so that every atom would be 0; they address {listed}"


def written_down(sequence: AnySequence, *, name: str) -> str:
    """Abstract representation of a sequence, JSON text; the same text for the same sequence."""
    return str(sequence.to_abstract_repr(seq_name=name))


def read(text: str) -> AnySequence:
    """The sequence that a representation describes.

    Raises:
        RepresentationError: When it can't be run as a part of an experiment yet.
    """
    if is_too_long(json.loads(text), {}):
        raise RepresentationError(f"the sequence takes longer than {MAX_DURATION_NS:,} ns")
    try:
        return pulser.Sequence.from_abstract_repr(text)
    except ValidationError as error:
        leaf = _leaf(error)
        raise RepresentationError(f"Pulser can't read {leaf.json_path}: {leaf.message}") from error


def specified(specification: Specification) -> AnyDevice:
    """The device that a target's specification describes.

    Raises:
        RepresentationError: This Pulser can't read it.
    """
    return read_device(specification.text, f"how the target specifies {specification.device_type}")


def read_device(text: str, what: str) -> AnyDevice:
    """The device that a representation describes.

    Args:
        text: Abstract representation of a device, JSON text.

        what: What is read, as people call it.

    Raises:
        RepresentationError: This Pulser can't read it.
    """
    try:
        with recorded_warnings():
            return _without_added_dmm(deserialize_device(text), text)
    except Exception as error:
        found = _leaf(cause) if isinstance(cause := error.__cause__, ValidationError) else None
        why = f"{found.json_path}: {found.message}" if found else message_of(cause or error)
        raise RepresentationError(f"Pulser can't read {what}: {why}") from error


def _without_added_dmm(device: AnyDevice, text: str) -> AnyDevice:
    """A virtual device that was written without a DMM as it was: Pulser gives it one when it reads it."""
    if is_machine(device) or device.supports_slm_mask or "dmm_objects" in json.loads(text):
        return device
    kept: dict[str, Any] = {"interaction_coeff_xy": own_coefficient_xy(device)}  # it is no field
    return replace(device, dmm_objects=(), **kept)


def _leaf(error: ValidationError) -> ValidationError:
    """What keeps a representation from being read, in the alternative that it comes nearest to."""
    while error.context:
        alternatives: dict[str | int, list[ValidationError]] = {}
        for each in error.context:
            alternatives.setdefault(each.schema_path[0], []).append(each)
        error = min(alternatives.values(), key=len)[0]
    return error


def with_values(sequence: AnySequence, variables: Mapping[str, object]) -> AnySequence:
    """A sequence with a job's numbers for its variables, and its atoms where the job puts them."""
    values: dict[str, Any] = {**variables}
    needs_values = sequence.is_parametrized() or sequence.is_register_mappable()
    return sequence.build(**values) if needs_values else sequence


def built(text: str, variables: Mapping[str, object], *, name: str) -> str:
    """Abstract representation of one job: numbers stand for its variables.

    Args:
        text: Abstract representation of the sequence.

        variables: The job's values; they were found to fit.
    """
    with recorded_warnings():
        sequence = pulser.Sequence.from_abstract_repr(text)
        return written_down(with_values(sequence, variables), name=name)
