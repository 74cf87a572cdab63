"""Specifications of device types, as a cloud serves them. Light: no Pulser here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from runner.errors import SequenceError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Of which no specification was to be had.
NONE_KNOWN = ""


def is_emulator(device_type: str) -> bool:
    """Whether a device type computes instead of measuring."""
    return device_type.startswith("EMU_")


@dataclass(frozen=True, slots=True)
class Specification:
    """What a device type can do, as Pulser's JSON text says it."""

    device_type: str
    text: str

    @property
    def digest(self) -> str:
        """What tells it from any other one."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class NoSpecificationError(SequenceError):
    """The specification of a device type is not to be had."""


class Specifications(Protocol):
    """Where specifications come from."""

    def known(self, device_type: str) -> Specification | None:
        """That of a device type; None if it is not to be had without ado."""

    def required(self, device_type: str) -> Specification:
        """That of a device type.

        Raises:
            NoSpecificationError: It is not to be had, and why.
        """

    def served(self) -> frozenset[str] | None:
        """Names of all device types that the target takes; None if they are not known."""


class NoSpecifications:
    """Where there is no cloud at all."""

    def served(self) -> frozenset[str] | None:
        """Nothing is known."""
        return None

    def known(self, device_type: str) -> Specification | None:
        """Nothing."""
        del device_type
        return None

    def required(self, device_type: str) -> Specification:
        """Nothing, and an error that says so."""
        hint = "call runner in the repository"
        raise NoSpecificationError(f"no target is known that serves {device_type}", hint=hint)


class Consulted:
    """Remembers which specifications were asked for, and which they were.

    Args:
        source: Where they come from.
    """

    def __init__(self, source: Specifications) -> None:
        self._source = source
        self._digests: dict[str, str] = {}

    @property
    def digests(self) -> Mapping[str, str]:
        """Digest of each, by device type; `NONE_KNOWN` where there was none."""
        return dict(self._digests)

    def served(self) -> frozenset[str] | None:
        """Names of all device types that the target takes; None if they are not known."""
        return self._source.served()

    def known(self, device_type: str) -> Specification | None:
        """That of a device type; None if it is not to be had without ado."""
        found = self._source.known(device_type)
        self._digests[device_type] = found.digest if found else NONE_KNOWN
        return found

    def required(self, device_type: str) -> Specification:
        """That of a device type.

        Raises:
            NoSpecificationError: It is not to be had, and why.
        """
        found = self._source.required(device_type)
        self._digests[device_type] = found.digest
        return found


def is_current(digests: Mapping[str, str], source: Specifications) -> bool:
    """Whether the specifications that were consulted are those that would be consulted now."""
    found = {device_type: source.known(device_type) for device_type in digests}
    now = {device_type: each.digest if each else NONE_KNOWN for device_type, each in found.items()}
    return now == dict(digests)
