"""Old emulator options of a batch, as an object: what they are depends on the device type. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.cloud.wire.transport import Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Options that several emulators know.

    Args:
        strict_validation: Whether the emulator checks a job as a QPU would.

        result_types: What comes back; by default bitstring counts.

        extra_config: Options that this class does not know; kept as they came.
    """

    strict_validation: bool = False
    result_types: list[str] | None = None
    extra_config: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    def to_dict(self) -> Payload:
        """The options as they are sent."""
        known = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "extra_config"}
        return known | dict(self.extra_config)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmuFreeConfiguration(Configuration):
    """Options of EMU_FREE.

    Args:
        with_noise: Whether noise is emulated.
    """

    with_noise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EmuTnConfiguration(Configuration):
    """Options of EMU_TN.

    Args:
        dt: Time step (in ns).

        precision: low, normal or high.

        max_bond_dim: Most states that a bond keeps.
    """

    dt: float = 10.0
    precision: str = "normal"
    max_bond_dim: int = 500


_KINDS: Final[Mapping[str, type[Configuration]]] = {
    "EMU_FREE": EmuFreeConfiguration,
    "EMU_TN": EmuTnConfiguration,
}
# Device types for which these options mean nothing.
_NONE: Final = frozenset({"EMU_FRESNEL", "EMU_MPS", "EMU_SV"})


def read_configuration(device_type: str, options: Payload | None) -> Configuration | None:
    """The options of a batch, None without any or where they mean nothing; unknown ones are kept."""
    if options is None or device_type in _NONE:
        return None
    kind = _KINDS.get(device_type, Configuration)
    names = {each.name for each in fields(kind)} - {"extra_config"}
    known = {name: value for name, value in options.items() if name in names}
    extra = {name: value for name, value in options.items() if name not in names}
    return kind(**known, extra_config=MappingProxyType(extra))
