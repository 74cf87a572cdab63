"""`runner.toml`: what holds for a repository. Secrets have no place in it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from runner import domain
from runner.errors import ProjectError
from runner.project.config.bounds import BudgetPerDay
from runner.project.config.folder_rules import FolderRules, InRepository
from runner.project.config.notifications import CommitStatus, Notification
from runner.project.config.settings_file import settings_data
from runner.results.records.files import obstacle

if TYPE_CHECKING:
    from pathlib import Path

    from runner.spec.models.policy import Policy
    from runner.spec.yaml_text import limits as spec_limits

FILE_NAME: Final = "runner.toml"
LOCAL: Final = "local"
_SECRETS: Final = ("password", "token", "secret", "username")

N = TypeVar("N", int, float)
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Strict(BaseModel):
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


class Target(_Strict, json_schema_extra={"not": {"required": ["region", "url"]}}):
    """A cloud that experiments can be applied to: a region of PCS, any base URL, or this machine."""

    region: str | None = Field(None, description="Region of PCS: fr or sa.", examples=["fr"])
    url: BaseUrl | None = Field(
        None,
        description="Base URL of any other cloud that speaks PCS's interface.",
        examples=["http://127.0.0.1:8000"],
    )
    account_url: BaseUrl | None = Field(
        None,
        description="Base URL of its account interface; default: url.",
        examples=["http://127.0.0.1:8000"],
    )
    project_id: str | None = Field(
        None,
        description="Project that owns what is created.",
        examples=["6d0b4b9e-0a0c-4a2e-9f6a-2f9d3c1f7b11"],
    )
    ca_bundle: str | None = Field(
        None, description="Path of the TLS certificates to trust.", examples=["certificates/lab.pem"]
    )
    settle_s: Seconds | None = Field(None, description="How far lists may lag behind (in s).", examples=[30])
    claim_ttl_s: Seconds = Field(
        60.0,
        validation_alias=AliasChoices("claim_ttl_s", "lease_s"),  # as it was called before
        description="How long another machine's claim is respected (in s).",
        examples=[60],
    )
    poll_s: Seconds | None = Field(
        None, description="Pause between two looks at running jobs (in s).", examples=[10]
    )
    requests_per_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        None,
        description="Most requests a second, on the long run; default: 20 in a region, else no limit.",
        examples=[5],
    )
    same_as: str | None = Field(
        None,
        description="Another target that is the same service: what was measured under either name counts for"
        " both. One that emulates is never the same as one that does not.",
        examples=["pasqal"],
    )
    emulates: bool = Field(
        False,
        description="Whether a url leads to a local cloud (`runner local serve`), which emulates what it is"
        " sent: it is the same target as local then.",
        examples=[True],
    )
    idle_exit_s: Seconds = Field(
        30.0, description="The local cloud ends after this long without work (in s).", examples=[30]
    )

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


class Defaults(_Strict):
    """What holds where an experiment file says nothing."""

    policy: dict[str, Any] = Field(
        default_factory=dict,
        description="Keys of an experiment's `policy`.",
        examples=[{"retry": {"limit": 1}}],
    )

    @field_validator("policy")
    @classmethod
    def _is_a_policy(cls, value: dict[str, Any]) -> dict[str, Any]:
        if value:
            _as_policy(value)
        return value

    def as_policy(self) -> Policy | None:
        """The policy under that of every file; None without any."""
        return _as_policy(self.policy) if self.policy else None


class Caps(_Strict):
    """What no experiment file may go beyond, whatever it says: each for itself, over all time."""

    runs: int | None = Field(None, ge=1, description="Highest `budget.runs`.", examples=[100_000])
    jobs: int | None = Field(None, ge=1, description="Highest `budget.jobs`.", examples=[1000])
    qpu_s: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="Highest `budget.qpu_s` (in s).", examples=[3600]
    )
    retries: int | None = Field(None, ge=0, description="Highest `retry.limit`.", examples=[2])
    rerun: int | None = Field(
        None,
        ge=0,
        description="Highest `rerun` counter of any job; a file with a higher one is refused.",
        examples=[0],
    )
    max_failed: int | None = Field(None, ge=1, description="Highest `max_failed`.", examples=[3])
    max_jobs_per_batch: int | None = Field(
        None, ge=1, description="Highest `max_jobs_per_batch`.", examples=[100]
    )

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


def _as_policy(value: dict[str, Any]) -> Policy:
    from runner.spec.models.policy import Policy  # noqa: PLC0415  (the models of a file take a while to import)

    return Policy.model_validate(value)


def _lower(one: N | None, other: N | None) -> N | None:
    """The lower of two limits, where None is no limit."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


class Limits(_Strict):
    """How large an experiment file may be; what is beyond is refused at once."""

    characters: int = Field(
        5_000_000,
        ge=1000,
        le=1_000_000_000,
        description="Length of a file, and of each file that it names.",
        examples=[50_000_000],
    )
    depth: int = Field(
        40, ge=10, le=100, description="How deep lists and mappings may be nested.", examples=[40]
    )
    jobs: int = Field(
        100_000, ge=1, le=10_000_000, description="How many jobs a file may ask for.", examples=[1000]
    )

    def as_limits(self) -> spec_limits.Limits:
        """The same for those who read files."""
        from runner.spec.yaml_text.limits import Limits as OfFiles  # noqa: PLC0415  (its room takes a while to import)

        return OfFiles(characters=self.characters, depth=self.depth, jobs=self.jobs)


class Settings(_Strict):
    """All of `runner.toml`."""

    namespace: str | None = Field(
        None,
        pattern=r"^[a-z0-9][a-z0-9-]{0,39}$",
        description="Separates repositories that share a project; default: the root commit's first 8 digits.",
        examples=["my-lab"],
    )
    target: str = Field(
        LOCAL, description="Target used when the command line names none.", examples=["local", "pasqal"]
    )
    experiments: tuple[InRepository, ...] = Field(
        (".",),
        min_length=1,
        strict=False,
        description="Folders of the experiments, from the root: what verbs without FILE and `runner sync`"
        " read; files elsewhere are read where they are named.",
        examples=[["specs"]],
    )
    results: str = Field(
        "results", description="Folder of the records, in the repository.", examples=["results"]
    )
    device_max_age_s: Seconds = Field(
        3600.0,
        description="What the target's devices can do is asked again when what is known is older (in s), by"
        " verbs that speak to the target anyway.",
        examples=[3600],
    )
    removed: Literal["keep", "cancel"] = Field(
        "keep",
        description="Pending work of experiments that no file of the repository describes any more, when all"
        " of its files are applied.",
        examples=["keep"],
    )
    allow_python: bool = Field(
        False,
        description="Whether the functions in Python are run that files name as their sequence: with all that"
        " you may do.",
        examples=[True],
    )
    python_timeout_s: Annotated[float, Field(gt=0, le=86_400)] = Field(
        60.0, description="How long such a function may take (in s).", examples=[300]
    )
    targets: dict[str, Target] = Field(
        default_factory=dict,
        description="Clouds that experiments can be applied to, by name.",
        examples=[{"pasqal": {"region": "fr", "project_id": "…"}}],
    )
    defaults: Defaults = Field(
        default_factory=Defaults,
        description="What holds for files that say nothing of it.",
        examples=[{"policy": {"retry": {"limit": 1}}}],
    )
    caps: Caps = Field(
        default_factory=Caps,
        description="Bounds on what any file may ask of the cloud.",
        examples=[{"runs": 100_000}],
    )
    budget_per_day: BudgetPerDay = Field(
        default_factory=BudgetPerDay,
        description="What all experiments of the repository together may buy in a day of UTC, on a target.",
        examples=[{"runs": 20_000, "qpu_s": 7200}],
    )
    folders: dict[InRepository, FolderRules] = Field(
        default_factory=dict,
        description="What experiments in a folder, by its path from the root, and below it may use.",
        examples=[{"specs/qpu": {"targets": ["pasqal"], "device_types": ["FRESNEL"]}}],
    )
    limits: Limits = Field(
        default_factory=Limits,
        description="Bounds on the files themselves.",
        examples=[{"jobs": 1000}],
    )
    notifications: list[Notification] = Field(
        default_factory=list,
        description="Webhooks that `runner sync` tells how things stand.",
        examples=[[{"url_env": "RUNNER_CHAT_URL", "on": ["failed", "held"]}]],
    )
    commit_status: CommitStatus | None = Field(
        None,
        description="Where `runner sync` shows the state of a commit.",
        examples=[
            {"provider": "github", "repository": "lab/experiments", "token_env": "RUNNER_STATUS_TOKEN"}
        ],
    )

    @model_validator(mode="after")
    def _rules_name_targets(self) -> Settings:
        for folder, rules in self.folders.items():
            for name in rules.targets or ():
                try:
                    self.target_named(name)
                except ProjectError as error:
                    raise ValueError(f"folders.{folder}.targets: {error}; {error.hint}") from error
        return self

    @model_validator(mode="after")
    def _joins_what_is_alike(self) -> Settings:
        for name, target in self.targets.items():
            if target.same_as is not None:
                problem = self._unlike(name, target, target.same_as)
                if problem:
                    raise ValueError(f"targets.{name}.same_as: {problem}")
        return self

    def _unlike(self, name: str, target: Target, other: str) -> str:
        """Why a target cannot be the same as another one; empty if it can."""
        if other not in {LOCAL, *self.targets}:
            return f"there is no target {other!r} in {FILE_NAME}"
        if self.target_named(other).is_emulated is not target.is_emulated:
            return f"{name} and {other} are never the same: one of them emulates, the other does not"
        if self.target_named(self.service_name(other)).same_as is not None:
            return f"{other} is the same as {name} in turn; name one of them"
        return ""

    def service_name(self, name: str) -> str:
        """The first of the targets that are the same as one, by `same_as`."""
        passed = [name]
        while (other := self.target_named(passed[-1]).same_as) is not None and other not in passed:
            passed.append(other)
        return passed[-1]

    @field_validator("folders", mode="before")
    @classmethod
    def _each_folder_once(cls, value: object) -> object:
        names = [PurePosixPath(name) for name in value] if isinstance(value, dict) else []
        twice = sorted({str(name) for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"there are two rules for {twice[0]}")
        return value

    def target_named(self, name: str) -> Target:
        """A target by its name; `local` is always there, and a URL names itself.

        Raises:
            ProjectError: There is no such target.
        """
        if name in self.targets:
            return self.targets[name]
        if name == LOCAL:
            return Target()
        if name.startswith(("http://", "https://")):
            try:
                return Target(url=name.rstrip("/"))
            except ValidationError as error:
                raise ProjectError(f"target: {_explained(error).partition(': ')[2]}") from error
        known = ", ".join(sorted({LOCAL, *self.targets}))
        raise ProjectError(f"unknown target {name!r}", hint=f"targets are: {known}; see {FILE_NAME}")


def read_settings(path: Path) -> Settings:
    """The settings of a repository; the defaults where there is no file.

    Raises:
        ProjectError: The file cannot be read, or a key is unknown or of the wrong type.
    """
    if said := obstacle(path):
        raise ProjectError(f"{path}: {said}", hint="without it other settings would hold; put the file back")
    if not path.is_file():
        return Settings()
    try:
        value = settings_data(path)
    except (OSError, ValueError) as error:
        raise ProjectError(f"{path}: cannot be read: {error}") from error
    try:
        return Settings.model_validate(_integers_as_seconds(value))
    except ValidationError as error:
        raise ProjectError(f"{path}: {_explained(error)}", hint=_hint(error)) from error


def _integers_as_seconds(value: dict[str, Any]) -> dict[str, Any]:
    """TOML tells 30 from 30.0; a number of seconds may be written either way."""
    value = _floats(value)
    targets = value.get("targets")
    if not isinstance(targets, dict):
        return value
    return value | {"targets": {name: _floats(target) for name, target in targets.items()}}


def _floats(target: Any) -> Any:
    if not isinstance(target, dict):
        return target
    return {k: float(v) if k.endswith("_s") and type(v) is int else v for k, v in target.items()}


def _explained(error: ValidationError) -> str:
    problems = [
        f"{'.'.join(map(str, each['loc'])) or 'file'}: {_words(each['type'], each['msg'])}"
        for each in error.errors(include_input=False, include_url=False)  # a value may be a secret
    ]
    return "; ".join(problems)


def _words(kind: str, said: str) -> str:
    """A complaint in the words that experiment files get, where they are known."""
    if kind == "extra_forbidden":
        return "there is no such key"
    return said.replace("Input should be", "expected").removeprefix("Value error, ")


def _hint(error: ValidationError) -> str:
    names = {str(each["loc"][-1]).lower() for each in error.errors(include_input=False) if each["loc"]}
    places = {str(each["loc"][0]) for each in error.errors(include_input=False) if each["loc"]}
    if names & set(_SECRETS) and places & {"notifications", "commit_status"}:
        return "secrets come from the environment: name a variable with secret_env, token_env or url_env"
    if names & set(_SECRETS):
        return "secrets come from the environment: PASQAL_USERNAME and PASQAL_PASSWORD, or PASQAL_TOKEN"
    return ""
