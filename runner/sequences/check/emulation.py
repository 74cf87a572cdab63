"""What an emulator can play of a sequence, by PCS's name of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.sequences.pulser_api.device_specs import is_emulator
from runner.sequences.pulser_api.pulser_messages import Remark
from runner.spec.models.channels import CHANNELS
from runner.spec.models.sequence import WrittenSequence
from runner.spec.yaml_text.json_pointers import child

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.sequences.construction.draft import Draft, Said

# An emulator that we do not know decides for itself.
_BASES: Final = {"EMU_SV": frozenset({"ground-rydberg"}), "EMU_MPS": frozenset({"ground-rydberg", "XY"})}
_ALL_BASES: Final = "EMU_FREE plays every basis"
_LEAST_DURATION_NS: Final = 4  # their solvers want four points
# Where both lasers play, an atom has three states: 3^10 are nearly as many as 2^16.
_MOST_QUTRITS: Final = 10


def check_atoms(said: Said, draft: Draft, device_type: str) -> None:
    """Say whether atoms of three states are too many: those that both lasers play upon."""
    register = draft.sequence.get_register(include_mappable=True)
    count = len(register.qubit_ids)
    if is_emulator(device_type) and len(draft.sequence.get_addressed_bases()) > 1 and count > _MOST_QUTRITS:
        message = f"{device_type} takes at most {_MOST_QUTRITS} atoms of three states, not {count}"
        said.findings.note(draft.register, message, "each has |g⟩, |r⟩ and |h⟩ where two bases are addressed")


def check_bases(said: Said, draft: Draft, device_type: str) -> None:
    """Say which channels the emulator cannot play."""
    playable = _BASES.get(device_type)
    if playable is None:
        return
    is_written = isinstance(said.file.experiment.spec.sequence, WrittenSequence)
    for name, channel in draft.sequence.declared_channels.items():
        if channel.basis not in playable:
            place = child(CHANNELS, name) if is_written else draft.operations
            message = f"{device_type} can't play channel {name}: it acts in the {channel.basis} basis"
            said.findings.note(place, message, _ALL_BASES)


def check_durations(said: Said, durations: Iterable[int | None], device_type: str) -> None:
    """Say which jobs are too short for the solver of an emulator."""
    if not is_emulator(device_type):
        return
    for job, duration_ns in zip(said.file.jobs, durations, strict=True):
        if duration_ns is not None and duration_ns < _LEAST_DURATION_NS:
            message = (
                f"the sequence takes {duration_ns} ns; {device_type} takes {_LEAST_DURATION_NS} ns at least"
            )
            said.faults.take(job, Remark(None, message, fixed=False))
