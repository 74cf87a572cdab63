"""Strategies: jobs that are asked for by what came back so far."""

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from runner.domain.strategies import OnFailed
from runner.spec.models.base import (
    Finite,
    Real,
    Some,
    Strict,
    Whole,
    by_kind,
    exactly_one,
    key,
    kind_of,
    optional,
)
from runner.spec.models.frequencies import ConstantFrequency, OneConstant, by_unit
from runner.spec.models.objective import FunctionName, Objective

_RULES = ("uniform", "log_uniform", "int", "choice")
_Ends = Annotated[tuple[ConstantFrequency, ConstantFrequency], Field(strict=False)]
_TARGET = r"^(>=|<=) *[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]{1,2})?$"
_RULE_SCHEMA: JsonDict = {**exactly_one(*_RULES), "dependentRequired": {"step": ["int"]}}


class Varied(Strict, json_schema_extra=_RULE_SCHEMA):
    """A number that the strategy varies, and where it may be."""

    uniform: _Ends | None = optional("Least and greatest value.", [0, 12.56])
    log_uniform: _Ends | None = optional("The same; logarithms are evenly likely.", [10, 4000])
    int_: Annotated[tuple[Whole, Whole], Field(strict=False)] | None = optional(
        "Least and greatest whole number, both included.", [100, 2000], alias="int"
    )
    step: Whole | None = optional("Distance of the whole numbers, counted from the least.", 4, ge=1)
    choice: Annotated[tuple[ConstantFrequency, ...], Field(strict=False, min_length=2)] | None = optional(
        "Some values; kinds that follow slopes do not take them.", [0, 1.57, 3.14]
    )

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        given = [each for each in _RULES if getattr(self, "int_" if each == "int" else each) is not None]
        if len(given) != 1:
            context = {"names": ", ".join(_RULES), "given": " and ".join(given) or "nothing"}
            raise PydanticCustomError("choice", "expected exactly one of {names}, not {given}", context)
        if self.step is not None and self.int_ is None:
            raise PydanticCustomError("choice", "step is for int alone")
        return self


_Element = Annotated[
    OneConstant | Annotated[Varied, Tag("<mapping>")],
    by_unit("a number, or a mapping like {uniform: [0, 12.56]}"),
]
Over = Annotated[
    OneConstant | Annotated[Some[_Element], Tag("<list>")] | Annotated[Varied, Tag("<mapping>")],
    by_unit("a number, a list, or a mapping like {uniform: [0, 12.56]}"),
]


class FirstPoints(Strict):
    """Points before the first round, which depend on no result."""

    sobol: Whole = key("How many points of a Sobol sequence.", 30, ge=1, le=4096)


class Stall(Strict):
    """An end for want of gain."""

    rounds: Whole = key("So many rounds without a gain.", 6, ge=1)
    by: Real = key("What counts as a gain must be more than this.", 0.01, default=0.0, ge=0)


class StopWhen(Strict):
    """When the strategy is done; raising a bound goes on, lowering it ends it."""

    rounds: Whole = key("Most rounds, the first points not counted.", 25, ge=1, le=10_000)
    target: Annotated[str, Field(pattern=_TARGET)] | None = optional(
        "The objective that is good enough, by two standard errors: >= and a number where it is maximized,"
        " <= and a number where it is minimized.",
        ">= 0.95",
    )
    stall: Stall | None = optional("An end for want of gain.", {"rounds": 6, "by": 0.01})
    spread: Real | None = optional(
        "The scores that its kind compares are within it; the table of kinds says which, and where none are.",
        1.0e-3,
        gt=0,
    )


class ConfirmBest(Strict):
    """Fresh jobs at the winners: the best of many noisy scores is too good by itself."""

    best: Whole = key("How many winners.", 1, default=1, ge=1, le=100)
    runs: Whole = key("Runs of each job.", 4000, ge=1)
    repeat: Whole = key("Jobs of each winner.", 3, default=1, ge=1, le=100)


class ThinkLimit(Strict):
    """How long a batch may be held open for what comes next."""

    think_limit_s: Real = key(
        "Time without a job under way, after which it is closed (in s).", 60, default=60.0, gt=0
    )


class HeldBatch(Strict):
    """One open batch for many rounds: the machine stays ours between them."""

    held: ThinkLimit = key("How long it is held.", {"think_limit_s": 60})


def _kind_of_setting(value: object) -> str | None:
    return "<flag>" if isinstance(value, bool) else kind_of(value)


_Setting = Annotated[
    Annotated[bool, Tag("<flag>")] | Annotated[Finite, Tag("<number>")],
    Discriminator(
        _kind_of_setting,
        custom_error_type="kind",
        custom_error_message="expected a number, or true or false",
    ),
]

_OF_KIND_PYTHON: JsonDict = {
    "if": {"properties": {"kind": {"const": "python"}}, "required": ["kind"]},
    "then": {"required": ["python"]},
    "else": {"not": {"required": ["python"]}},
}


class DeclaredStrategy(Strict, json_schema_extra=_OF_KIND_PYTHON):
    """What is asked for in place of jobs: an engine proposes points by what came back so far."""

    kind: Literal["sobol", "spsa", "nelder-mead", "cma-es", "bayesian", "refine", "python"] = key(
        "What proposes the points; each kind has a line in the table of the docs.", "bayesian"
    )
    python: FunctionName | None = optional(
        "For `kind: python`, the function that gives the points of a round: path.py:function, the path from"
        " the experiment file. It is run where --allow-python or runner.toml allows it.",
        "propose.py:propose",
    )
    seed: Annotated[int, Field(ge=0, lt=2**53)] = key("Another one gives another strategy.", 7, default=0)
    over: Annotated[dict[str, Over], Field(min_length=1)] = key(
        "What is varied, and where: variables, or elements of vectors; what stands as a number stays.",
        {"omega": {"uniform": [0, 12.56]}, "t_ns": {"int": [100, 2000], "step": 4}},
    )
    where: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=500)], ...], Field(strict=False)] = (
        key(
            "What every job keeps, as conditions between the variables.", ["omega[1] <= omega[2]"], default=()
        )
    )
    runs: Whole = key("How often each point is measured.", 1000, ge=1)
    first: FirstPoints | None = optional("Points before the first round, in one batch.", {"sobol": 30})
    ask: Whole | None = optional("Jobs of a round; left out, the kind says how many.", 4, ge=1, le=1000)
    settings: dict[str, _Setting] = key(
        "Numbers of the kind, as the table has them; of `kind: python`, more arguments of the function.",
        {"sigma": 0.3},
        default_factory=dict,
    )
    objective: Objective = key(
        "What is to be large or small.", {"maximize": "p", "let": {"p": {"probability": ["0101"]}}}
    )
    stop: StopWhen = key("When it is done.", {"rounds": 25, "target": ">= 0.95"})
    confirm: ConfirmBest | None = optional(
        "Fresh jobs at the winners, at the end.", {"best": 1, "runs": 4000, "repeat": 3}
    )
    reuse: bool = key(
        "Whether points of the same sequence that earlier strategies of this experiment bought are known from"
        " the beginning, their counts scored by this objective.",
        True,
        default=False,
    )
    on_failed: Literal["drop", "worst", "stop"] = key(
        "What follows a job that failed for good: it is dropped, counts as the worst so far, or ends it all.",
        "drop",
        default=OnFailed.DROP.value,
    )

    batch: Annotated[
        Annotated[Literal["per-round"], Tag("<text>")] | Annotated[HeldBatch, Tag("<mapping>")],
        by_kind("per-round, or {held: {think_limit_s: 60}}"),
    ] = key(
        "In which batches it buys: a closed one a round, or one that is held open between rounds.",
        "per-round",
        {"held": {"think_limit_s": 60}},
        default="per-round",
    )

    @property
    def think_limit_s(self) -> float | None:
        """For how long (in s) an open batch is kept while no job of it is under way; None for none."""
        return self.batch.held.think_limit_s if isinstance(self.batch, HeldBatch) else None

    @model_validator(mode="after")
    def _function_of_its_kind(self) -> Self:
        if self.kind == "python" and self.python is None:
            raise PydanticCustomError("choice", "kind: python needs its function: python: propose.py:propose")
        if self.kind != "python" and self.python is not None:
            raise PydanticCustomError("choice", "python is for kind: python alone")
        return self
