"""What Pulser has to say while a sequence is built: its errors and warnings, caught and put into words."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runner.sequences.pulser_api.device_limits import AnyDevice

_Result = TypeVar("_Result")
_MESSAGE_CHARACTERS = 240
# Of what our format says on purpose: that a shift of the phase of all atoms once did nothing, and that the
# coefficient of the XY interaction is better left to Pulser.
_OLD_NEWS = (
    "In version v1.4.0 the behavior of `Sequence.phase_shift`",
    "The ability to set a custom 'interaction_coeff_xy' is deprecated",
)


@dataclass(frozen=True, slots=True)
class Remark:
    """What Pulser, or we, have to say on an operation.

    Args:
        operation: Its pointer in the file; None for the sequence as a whole.

        fixed: Whether it holds whatever the variables are.
    """

    operation: str | None
    message: str
    fixed: bool


@dataclass(slots=True)
class Remarks:
    """What was said while operations were added."""

    faults: list[Remark] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)

    def blame(self, fault: Remark) -> None:
        """Note a fault, once of each place: of an operation that is repeated, the first time tells."""
        if not any(each == fault or each.operation == fault.operation is not None for each in self.faults):
            self.faults.append(fault)


@contextmanager
def recorded_warnings() -> Iterator[list[str]]:
    """Whatever is warned of inside, as messages and without printing; complete once the block is left."""
    messages: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield messages
    said = dict.fromkeys(str(warning.message) for warning in caught)
    messages += (message for message in said if not message.startswith(_OLD_NEWS))


def attempt(action: Callable[[], _Result], refuse: Callable[[str], object]) -> _Result | None:
    """What an action of Pulser gives; None if it fails.

    Args:
        refuse: Takes the message of the error: Pulser has many kinds, and all of them are problems of a file.
    """
    try:
        return action()
    except Exception as error:  # noqa: BLE001  (see above)
        refuse(message_of(error))
    return None


def message_of(error: BaseException, device: AnyDevice | None = None) -> str:
    """What an error says, on one line and not too long.

    Args:
        error: Of Pulser, as a rule.

        device: What the sequence is for; its limit is named where the sequence exceeds it.
    """
    text = " ".join(str(error).split()) or type(error).__name__
    if device is not None and "exceeded the maximum duration" in text:
        limit = device.max_sequence_duration
        return f"the sequence takes longer than {limit} ns, the most that {device.name} allows"
    # Both letters look the same; we write the micro sign.
    text = text.replace("\u03bc", "µ")
    return text if len(text) <= _MESSAGE_CHARACTERS else text[: _MESSAGE_CHARACTERS - 1] + "…"
