"""Digests: what makes two recipes, two jobs or two submissions the same.

Every digest is SHA-256 over canonical JSON (RFC 8785), so that key order and the spelling of numbers do not
count: 6, 6.0 and 6e0 are one point.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import rfc8785

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# What a sequence carries beside its physics: an upgrade of Pulser or another name is no new experiment.
_NOT_PHYSICS = ("$schema", "pulser_version", "name", "metadata")
_KEY_CHARACTERS = 16
# Slug of traps that were found for the atoms by the limits of the device: not what the file asks for.
AUTOMATIC_LAYOUT = "automatic"
# Between them, Python writes a float as JSON's canonical form does.
_LEAST, _MOST = 1e-4, 1e15


def canonical_json(value: Any) -> bytes:
    """Canonical JSON of a value (RFC 8785), UTF-8.

    Raises:
        ValueError: For NaN, infinity, integers beyond 2**53 and anything that is not JSON.
    """
    return rfc8785.dumps(value)


def digest(value: object) -> str:
    """SHA-256 of a value's canonical JSON, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def file_digest(text: str | None, companions: Iterable[str | None]) -> str:
    """Digest of an experiment file by its text and those of the files that it names, in their order."""
    return digest([text, *(tuple(companions) or (None,))])


def job_key(variables: Mapping[str, object]) -> str:
    """Key of the point that a job measures: 16 hexadecimal digits, without its runs.

    Shots are independent: two jobs with the same variables measure the same point.
    """
    text = _plain_canonical(variables)
    if text is None:
        return digest({"variables": dict(variables)})[:_KEY_CHARACTERS]
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_CHARACTERS]


def _plain_canonical(variables: Mapping[str, object]) -> str | None:
    """Canonical JSON of the usual variables, ten times as quick; None for all that is not quite simple."""
    members = []
    for name in sorted(variables):
        number = _plain_number(variables[name])
        if number is None or not (name.isascii() and name.isidentifier()):
            return None
        members.append(f'"{name}":{number}')
    return '{"variables":{' + ",".join(members) + "}}"


def _plain_number(value: Any) -> str | None:
    """A number as canonical JSON writes it, unless it may be written with an exponent."""
    kind = type(value)
    if kind is float and _LEAST <= abs(value) < _MOST:
        return repr(int(value)) if value.is_integer() else repr(value)
    if (kind is int or kind is float) and -_MOST < value < _MOST and value == int(value):
        return repr(int(value))
    return None


def repetition_key(point: str, repetition: int) -> str:
    """Key of one repetition of a point: 16 hexadecimal digits; the first one has the key of the point.

    Args:
        point: Key of the point.

        repetition: Which one, from 1.
    """
    if repetition == 1:
        return point
    return digest({"point": point, "repetition": repetition})[:_KEY_CHARACTERS]


@lru_cache(maxsize=64)  # asked in each pass for each batch
def own_sequence_key(sequence: str) -> str:
    """Key of the point that a job with a sequence of its own measures: 16 hexadecimal digits.

    What counts of the sequence is what counts of a recipe's, so that no upgrade of Pulser makes a new point.

    Args:
        sequence: Abstract representation, JSON text.

    Raises:
        ValueError: The sequence is no JSON object.
    """
    return digest({"sequence": _physics(sequence)})[:_KEY_CHARACTERS]


def text_digest(text: str) -> str:
    """Digest of the text of a file that an experiment names, as 64 hexadecimal digits."""
    return digest({"text": text})


def recipe_digest(*, device_type: str, sequence: str, emulation: str = "", strategy: str = "") -> str:
    """Digest of what makes two batches the same experiment, as 64 hexadecimal digits.

    Args:
        device_type: PCS's name of the target.

        sequence: Abstract representation of the (parametrised) sequence, JSON text. Of its device only the
            name counts, and of traps that were found automatically nothing, so that a refreshed device
            specification is not a new recipe. Empty where every job has its own: then the device type
            alone makes the recipe, and the jobs' sequences make their keys.

        emulation: What counts of how it is emulated, JSON text; empty where nothing is said of it.

        strategy: What counts of the strategy that asks for jobs, JSON text; empty where the file lists them.
    """
    return digest(
        recipe_parts(device_type=device_type, sequence=sequence, emulation=emulation, strategy=strategy)
    )


def recipe_parts(
    *, device_type: str, sequence: str, emulation: str = "", strategy: str = ""
) -> dict[str, Any]:
    """What the digest of a recipe is made of: two recipes are the same when their parts are.

    Raises:
        ValueError: The sequence is no JSON object.
    """
    parts = {"device_type": device_type, "sequence": _physics(sequence) if sequence else None}
    parts |= {"emulation": json.loads(emulation)} if emulation else {}
    return parts | ({"strategy": json.loads(strategy)} if strategy else {})


def _physics(sequence: str) -> dict[str, Any]:
    """What counts of a sequence."""
    representation = json.loads(sequence)
    if not isinstance(representation, dict):
        raise ValueError("an abstract representation is a JSON object")  # noqa: TRY004  (of a text, not a type)
    physics = {key: value for key, value in representation.items() if key not in _NOT_PHYSICS}
    if isinstance(physics.get("device"), dict):
        physics["device"] = physics["device"].get("name")
    if isinstance(physics.get("layout"), dict) and physics["layout"].get("slug") == AUTOMATIC_LAYOUT:
        del physics["layout"]
    return physics
