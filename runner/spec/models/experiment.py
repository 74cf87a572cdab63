"""The experiment file as a whole."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, Tag, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from runner.spec.models.base import (
    Some,
    Strict,
    Whole,
    by_kind,
    exactly_one,
    key,
    optional,
)
from runner.spec.models.emulation import Emulation
from runner.spec.models.frequencies import ConstantFrequency, OneConstant, by_unit
from runner.spec.models.policy import Policy
from runner.spec.models.sequence import Sequence
from runner.spec.models.strategy import DeclaredStrategy
from runner.spec.models.sweep_rules import Spread

# Ours stand before a colon on every batch; a tag of the file must not be mistaken for one.
NO_SEQUENCE = "no_sequence"  # what a job lacks that is to be played
NO_JOBS = "no_jobs"  # nothing says what is to be measured
_OURS = (
    r"(?!(?:runner|exp|recipe|submission|claim|rerun|repeat|observable|slots|again):)"
    r"(?!(?:fenced|superseded|pruned)$)"
)
_TAG = rf"^{_OURS}[!-~](?:[ -~]*[!-~])?$"

VariableValue = Annotated[
    OneConstant | Annotated[Some[ConstantFrequency], Tag("<list>")],
    by_unit("a number, or a list of numbers for a variable that holds several"),
]


_Tag = Annotated[
    str,
    Field(
        pattern=_TAG,
        max_length=63,
        description="Printable ASCII, and no beginning that the runner uses itself (exp:, recipe:, …).",
    ),
]


def _different(tags: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(tags)) != len(tags):
        raise PydanticCustomError("tags", "a tag stands here twice")
    return tags


class Metadata(Strict):
    """What the experiment is called."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=40)] = key(
        "Name: lower-case letters, digits and dashes; unique in the repository.", "afm-ramp"
    )
    description: str = key("What it is about, in a sentence.", "Ramp time scanned.", default="")
    labels: dict[str, str] = key("Words of your own to find it by.", {"figure": "3a"}, default_factory=dict)


SweepValues = Annotated[
    OneConstant | Annotated[Some[VariableValue], Tag("<list>")] | Annotated[Spread, Tag("<mapping>")],
    by_unit("a number, a list of values, or a mapping like {range: [0, 10, 2]}"),
    key(
        "Values of the variable: a number, a list of values, or a rule that gives them.",
        [1.57, 3.14],
        {"range": [400, 4000, 400]},
        {"linspace": [0, 6.28, 21]},
    ),
]
Axis = Annotated[dict[str, SweepValues], Field(min_length=1)]
Sweep = Annotated[
    Annotated[Axis, Tag("<mapping>")] | Annotated[Some[Axis], Tag("<list>")],
    by_kind("a mapping of variables to their values, or a list of such mappings"),
]


Combinations = Annotated[
    tuple[Annotated[dict[str, VariableValue], Field(min_length=1)], ...], Field(strict=False, min_length=1)
]
_JobName = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=100)]


# A job gets its values from one of these; the atoms of a sequence of its own have their places.
_ONE_OF_THEM = (
    ("variables", "sweep"),
    ("sequence", "variables"),
    ("sequence", "sweep"),
    ("sequence", "qubits"),
)


_JOB_SCHEMA: JsonDict = {
    "not": {"anyOf": [{"required": [*both]} for both in _ONE_OF_THEM]},
    "dependentRequired": {"exclude": ["sweep"], "include": ["sweep"]},
}


class Job(Strict, json_schema_extra=_JOB_SCHEMA):
    """One job, or one for each point of a sweep."""

    runs: Whole = key("How often each point is measured.", 500, ge=1)
    repeat: Whole = key(
        "How many jobs measure each point, each of exactly these runs and with results of its "
        "own: statistics over repeated preparations. With 1, runs add up: a raised number is topped up.",
        5,
        default=1,
        ge=1,
    )
    name: _JobName | None = optional(
        "What the job is called; in a sweep, variables in braces make the names differ. Of a "
        "repeated job, #1, #2, … is put behind it, or {repeat} says where the number stands.",
        "reference",
        "t{t_sweep_ns}",
    )
    variables: dict[str, VariableValue] | None = optional(
        "Value of every variable of the sequence: a number, an expression of numbers, or {mhz: …}.",
        {"omega_max": 6.28, "t_sweep_ns": 2000},
        {"omega_max": "2 * pi", "t_sweep_ns": 2000},
    )
    qubits: Annotated[dict[str, Annotated[int, Field(ge=0)]], Field(min_length=1)] | None = optional(
        "Trap of every atom of a mappable register, or of its first ones, counted from 0, by the atom's"
        " name; without a trap, an atom is not there.",
        {"q0": 3, "q1": 8},
    )
    sequence: Sequence | None = optional(
        "The job's own sequence, in place of the experiment's; it has no variables, and is for "
        "the same device.",
        {"file": "sequences/reference.json"},
    )
    sweep: Sweep | None = optional(
        "Values of every variable. A mapping gives every combination, the first variable "
        "outermost; in a list of mappings, the variables of one mapping move together.",
        {"omega_max": 6.28, "t_sweep_ns": {"range": [400, 4000, 400]}},
    )
    exclude: Combinations | None = optional(
        "Points of the sweep that are left out: those that have all values of an item.",
        [{"omega_max": 6.28, "t_sweep_ns": 400}],
    )
    include: Combinations | None = optional(
        "What is added once points were left out: an item gives its other values to every point "
        "that has those of its values that are swept; where there is none, it is a point of its own, and may "
        "leave out variables to which the sweep gives one value.",
        [{"omega_max": 6.28, "t_sweep_ns": 5000}],
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        for one, other in _ONE_OF_THEM:
            if getattr(self, one) is not None and getattr(self, other) is not None:
                raise PydanticCustomError("job", f"expected {one} or {other}, not both")
        if self.sweep is None and (self.exclude or self.include):
            raise PydanticCustomError("job", "exclude and include need a sweep")
        return self


_Sublattice = Some[str]
Count = Annotated[int, Field(ge=0)]


class Reruns(Strict):
    """Rerun counters: one for every job, and more for some."""

    all: Count = key("A higher number asks for everything again.", 1, default=0)
    jobs: dict[str, Count] = key(
        "Names of jobs with a number each, which is added: a higher one asks for that job again.",
        {"reference": 1},
        default_factory=dict,
    )


_OF_EACH_JOB: JsonDict = {"properties": {"jobs": {"items": {"required": ["sequence"]}}}}


_STRATEGY: JsonDict = {
    "kind": "nelder-mead",
    "over": {"t_ns": {"int": [100, 2000], "step": 4}},
    "runs": 500,
    "objective": {"maximize": "p", "let": {"p": {"probability": ["11"]}}},
    "stop": {"rounds": 20},
}
_SPEC_SCHEMA: JsonDict = {
    "anyOf": [{"required": ["sequence"]}, _OF_EACH_JOB],
    "allOf": [exactly_one("jobs", "strategy")],
    "dependentRequired": {"strategy": ["sequence"]},
}


class Spec(Strict, json_schema_extra=_SPEC_SCHEMA):
    """The sequence, what runs it, and the jobs that are wanted."""

    device_type: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=60)] = key(
        "What runs it, as the cloud calls it: an emulator (EMU_FREE, EMU_SV, EMU_MPS) or a QPU.",
        "EMU_FREE",
        "EMU_SV",
        "EMU_MPS",
        "FRESNEL",
    )
    sequence: Sequence | None = optional(
        "The pulse sequence: written out, or in a file of its own. Left out where every job has its own.",
        {"file": "sequences/rabi.json"},
    )
    emulation: Emulation | None = optional(
        "How an emulator emulates: noise, initial state, options, and observables beside the bitstrings.",
        {"noise": {"temperature_uK": 30, "amp_sigma": 0.03}, "observables": ["occupation"]},
    )
    jobs: Some[Job] = key("What is measured, and how often.", [{"runs": 500}], default=())
    strategy: DeclaredStrategy | None = optional(
        "In place of jobs: a loop that asks for points by what came back so far.",
        _STRATEGY,
    )
    policy: Policy = key("How it wants to be reconciled.", {"runs": "top-up"}, default_factory=Policy)
    tags: Annotated[
        tuple[_Tag, ...],
        Field(strict=False, max_length=8, json_schema_extra={"uniqueItems": True}),
        AfterValidator(_different),
    ] = key("Tags of your own, put on every batch after ours.", ["figure-3a"], default=())
    sublattices: (
        Annotated[tuple[_Sublattice, ...], Field(strict=False, min_length=2, max_length=2)] | None
    ) = optional(
        "Atoms of two sublattices, for the staggered magnetization: those of the first count with"
        " +, those of the second with -, others do not count. Left out, they are found where neighbours"
        " are at similar distances. It buys nothing.",
        [["q0", "q2"], ["q1", "q3"]],
    )
    rerun: Annotated[
        Annotated[Count, Tag("<number>")] | Annotated[Reruns, Tag("<mapping>")],
        by_kind("a whole number, or a mapping with all and jobs"),
    ] = key(
        "A higher number asks for everything again; in a mapping, single jobs have one as well.",
        0,
        {"jobs": {"reference": 1}},
        default=0,
    )

    @model_validator(mode="after")
    def _something_to_measure(self) -> Self:
        if not self.jobs and self.strategy is None:
            raise PydanticCustomError(NO_JOBS, "the key jobs is missing")
        if self.jobs and self.strategy is not None:
            raise PydanticCustomError("jobs", "expected jobs or strategy, not both")
        return self

    @model_validator(mode="after")
    def _something_to_play(self) -> Self:
        if self.sequence is None and any(job.sequence is None for job in self.jobs):
            raise PydanticCustomError(NO_SEQUENCE, "the key sequence is missing")
        return self

    def rerun_of(self, job: str) -> int:
        """Rerun counter of a job: that of all jobs, and its own."""
        if isinstance(self.rerun, int):
            return self.rerun
        return self.rerun.all + self.rerun.jobs.get(job, 0)


_EXAMPLE = {
    "device_type": "EMU_FREE",
    "sequence": {"file": "sequences/rabi.json"},
    "jobs": [{"runs": 500, "variables": {"t_ns": 500}}],
}


class Experiment(Strict):
    """One experiment: a sequence, a device, and the jobs that are wanted of it."""

    api_version: Literal["runner/v1"] = key("Version of the format.", "runner/v1", alias="apiVersion")
    kind: Literal["Experiment"] = key("What the file describes.", "Experiment")
    metadata: Metadata = key("What it is called.", {"name": "afm-ramp"})
    spec: Spec = key("What is asked for.", _EXAMPLE)
