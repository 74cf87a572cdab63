"""What stands along an axis: symbols and units as papers write them, and numbers in few digits. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from runner.results.analysis.points import unit_of

_GREEK: Final = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "theta": "θ",
    "kappa": "κ",
    "lambda": "λ",
    "mu": "µ",
    "sigma": "σ",
    "tau": "τ",
    "phi": "φ",
    "psi": "ψ",
    "omega": "Ω",  # the Rabi frequency
}
_ENDINGS: Final = {"rad/µs": "_rad_per_us"}
_DIGITS: Final = 4
_LARGE, _SMALL = 1e5, 1e-3


@dataclass(frozen=True, slots=True)
class AxisQuantity:
    """Something that has a number.

    Args:
        symbol: A letter, or words.

        index: What is written below the line behind a letter.

        unit: Empty for a plain number.
    """

    symbol: str
    index: str = ""
    unit: str = ""

    @property
    def name(self) -> str:
        """Without the unit: `Ω_max`."""
        return f"{self.symbol}_{self.index}" if self.index else self.symbol

    @property
    def label(self) -> str:
        """As it stands along an axis: `Ω_max (rad/µs)`."""
        return with_unit(self.name, self.unit)

    def valued(self, value: float) -> str:
        """With a value: `Ω_max = 6.28 rad/µs`."""
        return f"{self.name} = {short(value)}{f' {self.unit}' if self.unit else ''}"


def with_unit(name: str, unit: str) -> str:
    """A name with its unit in brackets, if it has one."""
    return f"{name} ({unit})" if unit else name


def quantity_of(variable: str, unit: str = "") -> AxisQuantity:
    """The quantity that a variable of a sequence holds, by its name.

    Args:
        unit: Its unit; empty for that which its name says, if it says one.

    `omega_max_rad_per_us` is Ω with the index max in rad/µs, `t_ns` is t in ns, `spacing_um` is spacing in
    µm; a name that is nothing but a unit stays as it is.
    """
    name, bracket, place = variable.partition("[")
    if name == "qubits" and bracket:
        return AxisQuantity(f"trap of {place.rstrip(']')}")
    told = unit_of(name) or ""
    unit = unit or told
    stem = name[: -len(_ENDINGS.get(unit, _ending(unit)))] if unit and unit == told else name
    first, *rest = [part for part in stem.split("_") if part] or [name]
    symbol = _GREEK.get(first.lower(), first)
    if len(symbol) > 1:
        return AxisQuantity(" ".join((symbol, *rest)) + bracket + place, unit=unit)
    index = (*rest, *([place.rstrip("]")] if bracket else []))
    return AxisQuantity(symbol, ",".join(index), unit)


def _ending(unit: str) -> str:
    return "_" + unit.replace("µ", "u").lower()


def short(number: float) -> str:
    """A number in four digits: 6.28, 400, 1.2e-05; with a true minus sign."""
    size = abs(number)
    if size and not _SMALL <= size < _LARGE:
        mantissa, _, power = f"{number:.{_DIGITS - 1}e}".partition("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"
    else:
        text = f"{number:.{_DIGITS}g}" if size < 10**_DIGITS else f"{number:.0f}"
    return text.replace("-", "−")


_TINY: Final = 1e-9


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two, at most so many, in steps of 1, 2 or 5 times a power of ten.

    Where both are the same, it is that number.
    """
    if high <= low:
        return [low]
    step = _step(low, high, most)
    first, last = math.ceil(low / step - _TINY), math.floor(high / step + _TINY)
    return [float(f"{number * step:.10g}") for number in range(first, last + 1)]


def _step(low: float, high: float, most: int) -> float:
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    steps = (factor * power for factor in (1, 2, 5, 10, 20, 50))
    return next(
        step for step in steps if math.floor(high / step + _TINY) - math.ceil(low / step - _TINY) < most
    )
