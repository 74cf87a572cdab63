"""What a strategy makes large or small: a formula over quantities that are read off results."""

from typing import Annotated, Literal, Self

from pydantic import Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from runner.spec.models.base import (
    Choice,
    ExpressionText,
    Real,
    Some,
    Strict,
    by_kind,
    exactly_one,
    key,
    optional,
)

MOST_QUANTITIES = 50
_MOST_BITSTRINGS = 1000
_MOST_ROWS = 1000
_WAYS = ("maximize", "minimize")
_PAIRS = ("distance", "distance_um", "qubits")
_Atom = Annotated[str, Field(min_length=1, max_length=60)]
_Fraction = Annotated[Real, Field(gt=0, le=1)]
_Path = Annotated[str, Field(min_length=1, max_length=1000)]
FunctionName = Annotated[
    str, Field(pattern=r"^[^:\x00-\x1f\x7f]+\.py:[A-Za-z_][A-Za-z0-9_]*$", max_length=1000)
]
_Bitstring = Annotated[str, Field(pattern=r"^[01]+$", max_length=1000)]

PlainQuantity = Literal[
    "occupation",
    "magnetization",
    "staggered_magnetization",
    "abs_staggered_magnetization",
    "squared_staggered_magnetization",
]


def _one_of(part: Strict, names: tuple[str, ...]) -> None:
    given = [name for name in names if getattr(part, name) is not None]
    if len(given) != 1:
        context = {"names": ", ".join(names), "given": " and ".join(given) or "nothing"}
        raise PydanticCustomError("choice", "expected exactly one of {names}, not {given}", context)


class StructureFactor(Strict, json_schema_extra=exactly_one("signs", "k_rad_per_um")):
    """⟨|Σ σz_j exp(i k·r_j)|²⟩ / n, of 0 to n."""

    signs: Literal["checkerboard"] | None = optional(
        "The signs of the two sublattices in place of exponentials: n in either antiferromagnetic order.",
        "checkerboard",
    )
    k_rad_per_um: Annotated[Some[Real], Field(max_length=3)] | None = optional(
        "k along x, or along each direction (in rad/µm).", ["pi / 6", 0]
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        _one_of(self, ("signs", "k_rad_per_um"))
        return self


class PairCorrelation(Strict, json_schema_extra=exactly_one(*_PAIRS)):
    """A correlation of two atoms, or its mean over all pairs at a distance."""

    distance: Annotated[int, Field(ge=1)] | None = optional(
        "Which of the distances between atoms, counted from the shortest: 1 for neighbours.", 1
    )
    distance_um: Annotated[Real, Field(gt=0)] | None = optional("Distance (in µm), within 1 %.", 6.0)
    qubits: Annotated[tuple[_Atom, _Atom], Field(strict=False)] | None = optional(
        "Names of two atoms.", ["q0", "q1"]
    )
    connected: bool = key(
        "Whether it is ⟨nn⟩ − ⟨n⟩⟨n⟩, 0 of atoms that have nothing to do with each other; else ⟨nn⟩.",
        True,
        default=True,
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        _one_of(self, _PAIRS)
        return self


class QuadraticCost(Strict, json_schema_extra=exactly_one("file", "rows")):
    """⟨zᵀQz⟩, where z_i is 1 or 0 as qubit i was measured; all entries of Q count."""

    file: _Path | None = optional(
        "File with Q, a row and a column for each qubit: JSON (a list of rows) or CSV; its path, from the"
        " experiment file.",
        "q.csv",
    )
    rows: Annotated[Some[Some[Real]], Field(max_length=_MOST_ROWS)] | None = optional(
        "Q, row by row.", [[-1, 2], [0, -1]]
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        _one_of(self, ("file", "rows"))
        return self


class PartOfRuns(Strict):
    """The mean over the lowest or highest part of the runs, the conditional value at risk (CVaR)."""

    of: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=60)] = key(
        "What: another name of `let` that has a value of each run, or magnetization, ….", "cost"
    )
    fraction: _Fraction = key("How large a part of the runs.", 0.2)
    tail: Literal["lowest", "highest"] = key("Which runs count.", "highest", default="lowest")


class ChosenQuantity(Choice):
    """A quantity by its kind."""

    occupation: _Atom | None = optional("Share of runs in which an atom is measured as 1.", "q0")
    magnetization: _Atom | None = optional("⟨σz⟩ of an atom, twice its occupation less 1.", "q0")
    structure_factor: StructureFactor | None = optional("Structure factor.", {"signs": "checkerboard"})
    correlation: PairCorrelation | None = optional("Correlation of pairs.", {"distance": 1})
    qubo: QuadraticCost | None = optional("Cost of the bitstrings.", {"file": "q.csv"})
    probability: Annotated[Some[_Bitstring], Field(max_length=_MOST_BITSTRINGS)] | None = optional(
        "Share of runs that give any of some bitstrings.", ["0101", "1010"]
    )
    cvar: PartOfRuns | None = optional(
        "Mean over a part of the runs, the lowest or the highest.", {"of": "cost", "fraction": 0.2}
    )
    observable: Annotated[str, Field(min_length=1, max_length=100)] | None = optional(
        "One of spec.emulation.observables, at the end of the sequence: its kind and name, and the atoms that"
        " it is of.",
        "energy",
        "occupation,q0",
    )
    python: FunctionName | None = optional(
        "Function of the counts (bitstrings with their numbers), and of the variables if it takes them, that"
        " gives a number: path.py:function, the path from the experiment file. It is run where"
        " --allow-python or runner.toml allows it.",
        "score.py:score",
    )


AnyQuantity = Annotated[
    Annotated[PlainQuantity, Tag("<text>")] | Annotated[ChosenQuantity, Tag("<mapping>")],
    by_kind("the name of a quantity, or a mapping with one"),
]


class Objective(Strict, json_schema_extra=exactly_one(*_WAYS)):
    """What is to be large, or small."""

    maximize: ExpressionText | None = optional("Formula over the names of `let`, to be large.", "neel / 9")
    minimize: ExpressionText | None = optional("Formula over the names of `let`, to be small.", "cost")
    let: Annotated[
        dict[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=60)], AnyQuantity],
        Field(min_length=1, max_length=MOST_QUANTITIES),
    ] = key(
        "What the names of the formula stand for; each is read off the results of a job.",
        {"neel": {"structure_factor": {"signs": "checkerboard"}}},
        {"m": "magnetization"},
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        _one_of(self, _WAYS)
        return self

    @property
    def way(self) -> str:
        """The key of its formula."""
        return "minimize" if self.maximize is None else "maximize"
