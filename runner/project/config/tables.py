"""The tables of `runner.toml`, each a model; notifications are apart."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from runner import domain
from runner.project import late_imports

if TYPE_CHECKING:
    from runner.spec.models.policy import Policy
    from runner.spec.yaml_text import limits as spec_limits

N = TypeVar("N", int, float)
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def key(description: str, *examples: object, **rules: Any) -> Any:
    """A key of the file as pydantic has it: what it is for, with its unit, and what could stand there.

    Args:
        rules: A default if the key may be left out, and bounds, as `Field` takes them.
    """
    return Field(description=description, examples=list(examples), **rules)


def optional(description: str, *examples: object, **rules: Any) -> Any:
    """The same for a key that is None where it is left out."""
    return key(description, *examples, default=None, **rules)


class StrictTable(BaseModel):
    """A table without unknown keys, whose values are of the very types that are named."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _base_url(text: str) -> str:
    """The same address, if requests can be sent below it."""
    shown = re.sub(r"//[^/]*@", "//…@", text)  # it may hold a password
    try:
        parts = urlsplit(text)
        is_one = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError as error:  # brackets that stay open, a port that is none
        raise ValueError(f"{shown!r} is no URL: {error}") from error
    if not is_one or parts.query or parts.fragment or not text.isprintable() or " " in text:
        raise ValueError(f"{shown!r} is no base URL: expected one as https://host or http://127.0.0.1:8000")
    return text


BaseUrl = Annotated[str, AfterValidator(_base_url)]


def _in_repository(name: str) -> str:
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name:
        raise ValueError(f"{name!r} is no folder in the repository: write it from the root, as specs/qpu")
    return str(path)


InRepository = Annotated[str, AfterValidator(_in_repository)]


def _target_schema(schema: dict[str, Any]) -> None:
    """Says what pydantic cannot: what excludes each other, and the key of earlier versions."""
    known = schema["properties"]
    said = {"title": "lease_s", "description": "claim_ttl_s (in s) of earlier versions.", "deprecated": True}
    known["lease_s"] = known["claim_ttl_s"] | said
    schema["not"] = {"anyOf": [{"required": ["region", "url"]}, {"required": ["claim_ttl_s", "lease_s"]}]}


class Target(StrictTable, json_schema_extra=_target_schema):
    """A cloud that experiments can be applied to: a region of PCS, any base URL, or this machine."""

    region: str | None = optional("Region of PCS: fr or sa.", "fr")
    url: BaseUrl | None = optional(
        "Base URL of any other cloud that speaks PCS's interface.", "http://127.0.0.1:8000"
    )
    account_url: BaseUrl | None = optional(
        "Base URL of its account interface; default: url.", "http://127.0.0.1:8000"
    )
    project_id: str | None = optional(
        "Project that owns what is created.", "6d0b4b9e-0a0c-4a2e-9f6a-2f9d3c1f7b11"
    )
    ca_bundle: str | None = optional("Path of the TLS certificates to trust.", "certificates/lab.pem")
    settle_s: Seconds | None = optional("How far lists may lag behind (in s).", 30)
    claim_ttl_s: Seconds = key(
        "How long another machine's claim is respected (in s).",
        60,
        default=60.0,
        validation_alias=AliasChoices("claim_ttl_s", "lease_s"),  # the second is that of earlier versions
    )
    poll_s: Seconds | None = optional("Pause between two looks at running jobs (in s).", 10)
    requests_per_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = optional(
        "Most requests a second, on the long run; default: 20 in a region, else no limit.", 5
    )
    same_as: str | None = optional(
        "Another target that is the same service: what was measured under either name counts for"
        " both. One that emulates is never the same as one that does not.",
        "pasqal",
    )
    emulates: bool = key(
        "Whether a url leads to a local cloud (`runner local serve`), which emulates what it is"
        " sent: it is the same target as local then.",
        True,
        default=False,
    )
    idle_exit_s: Seconds = key("The local cloud ends after this long without work (in s).", 30, default=30.0)

    @model_validator(mode="after")
    def _one_address(self) -> Target:
        if self.region and self.url:
            raise ValueError("a target has a region or a url, not both")
        if self.region and self.emulates:
            raise ValueError("a region of PCS emulates nothing by itself: `emulates` is for a url")
        return self

    @property
    def is_local(self) -> bool:
        """Whether it is the cloud that the runner starts on this machine."""
        return self.region is None and self.url is None

    @property
    def is_emulated(self) -> bool:
        """Whether it emulates what it is sent, here or elsewhere."""
        return self.is_local or self.emulates


class Defaults(StrictTable):
    """What holds where an experiment file says nothing."""

    policy: dict[str, object] = key(
        "Keys of an experiment's `policy`.", {"retry": {"limit": 1}}, default_factory=dict
    )

    @field_validator("policy")
    @classmethod
    def _is_a_policy(cls, value: dict[str, object]) -> dict[str, object]:
        if value:
            late_imports.Policy.model_validate(value)
        return value

    def as_policy(self) -> Policy | None:
        """The policy under that of every file; None without any."""
        return late_imports.Policy.model_validate(self.policy) if self.policy else None


class Caps(StrictTable):
    """What no experiment file may go beyond, whatever it says: each for itself, over all time."""

    runs: int | None = optional("Highest `budget.runs`.", 100_000, ge=1)
    jobs: int | None = optional("Highest `budget.jobs`.", 1000, ge=1)
    qpu_s: float | None = optional("Highest `budget.qpu_s` (in s).", 3600, gt=0, allow_inf_nan=False)
    retries: int | None = optional("Highest `retry.limit`.", 2, ge=0)
    rerun: int | None = optional(
        "Highest `rerun` counter of any job; a file with a higher one is refused.", 0, ge=0
    )
    max_failed: int | None = optional("Highest `max_failed`.", 3, ge=1)
    max_jobs_per_batch: int | None = optional("Highest `max_jobs_per_batch`.", 100, ge=1)

    def bound(self, policy: domain.Policy) -> domain.Policy:
        """A policy within the caps; the lower of two limits counts."""
        budget = policy.budget
        limit = policy.retry.limit if self.retries is None else min(policy.retry.limit, self.retries)
        return replace(
            policy,
            budget=domain.Budget(
                runs=_lower(budget.runs, self.runs),
                jobs=_lower(budget.jobs, self.jobs),
                qpu_s=_lower(budget.qpu_s, self.qpu_s),
            ),
            retry=replace(policy.retry, limit=limit),
            max_failed=_lower(policy.max_failed, self.max_failed),
            max_jobs_per_batch=_lower(policy.max_jobs_per_batch, self.max_jobs_per_batch),
        )


def _lower(one: N | None, other: N | None) -> N | None:
    """The lower of two limits, where None is no limit."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


class BudgetPerDay(StrictTable):
    """What all experiments of the repository together may buy in a day of UTC; without a key, any number."""

    runs: int | None = optional("Most runs bought in a day.", 20_000, ge=0)
    jobs: int | None = optional("Most remote jobs bought in a day.", 500, ge=0)
    qpu_s: float | None = optional(
        "Most time on a QPU bought in a day, estimated (in s).", 7200, ge=0, allow_inf_nan=False
    )

    def as_budget(self) -> domain.Budget | None:
        """The same for the reconciler; None where nothing is limited."""
        budget = domain.Budget(runs=self.runs, jobs=self.jobs, qpu_s=self.qpu_s)
        return None if budget == domain.Budget() else budget


class FolderRules(StrictTable):
    """What experiments in a folder and below may use; a key that is left out is that of a folder above it."""

    targets: tuple[str, ...] | None = optional(
        "Targets that they may be bought on; on others they are held.", ["local", "pasqal"], strict=False
    )
    device_types: tuple[str, ...] | None = optional(
        "Device types that their files may name; another is a problem of the file.",
        ["FRESNEL", "EMU_FREE"],
        strict=False,
    )


class View(StrictTable, json_schema_extra={"minProperties": 1}):
    """A filter of the dashboard's first page that has a name: what is shown is like all that is said."""

    q: str | None = optional(
        "Words that stand in the name, the path, the description or the labels.", "afm figure", min_length=1
    )
    folder: InRepository | None = optional("Folder of the files, or one above it.", "specs/qpu")
    health: Literal["Healthy", "Progressing", "Suspended", "Missing", "Degraded", "Unknown"] | None = (
        optional("How they are.", "Degraded")
    )
    sync: Literal["Synced", "OutOfSync", "Unknown"] | None = optional(
        "Whether the cloud holds what their files ask for.", "OutOfSync"
    )
    device: str | None = optional("Their device type.", "FRESNEL", min_length=1)

    @model_validator(mode="after")
    def _says_something(self) -> View:
        if not self.filters:
            raise ValueError(f"a view says at least one of {', '.join(type(self).model_fields)}")
        return self

    @property
    def filters(self) -> dict[str, str]:
        """What it says, as an address has it."""
        return self.model_dump(exclude_none=True)


class Limits(StrictTable):
    """How large an experiment file may be; what is beyond is refused at once."""

    characters: int = key(
        "Length of a file, and of each file that it names.",
        50_000_000,
        default=5_000_000,
        ge=1000,
        le=1_000_000_000,
    )
    depth: int = key("How deep lists and mappings may be nested.", 40, default=40, ge=10, le=100)
    jobs: int = key("How many jobs a file may ask for.", 1000, default=100_000, ge=1, le=10_000_000)

    def as_limits(self) -> spec_limits.Limits:
        """The same for the reader of files."""
        return late_imports.Limits(characters=self.characters, depth=self.depth, jobs=self.jobs)
