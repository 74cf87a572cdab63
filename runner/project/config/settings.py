"""`runner.toml`: what holds for a repository. Secrets have no place in it."""

from __future__ import annotations

import tomllib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from runner.errors import ProjectError
from runner.project.config.notifications import CommitStatus, Notification
from runner.project.config.tables import (
    BudgetPerDay,
    Caps,
    Defaults,
    FolderRules,
    InRepository,
    Limits,
    Seconds,
    StrictTable,
    Target,
    View,
    key,
    optional,
)
from runner.results.records.files import obstacle

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME: Final = "runner.toml"
LOCAL: Final = "local"
_SECRETS: Final = ("password", "token", "secret", "username")
# No real settings are larger; dotted keys take a time that grows with the square of their length.
_MOST_BYTES: Final = 1_000_000
_MOST_DOTS: Final = 100


class Settings(StrictTable):
    """All of `runner.toml`."""

    namespace: str | None = optional(
        "Separates repositories that share a project; default: the root commit's first 8 digits.",
        "my-lab",
        pattern=r"^[a-z0-9][a-z0-9-]{0,39}$",
    )
    target: str = key("Target used when the command line names none.", "local", "pasqal", default=LOCAL)
    experiments: tuple[InRepository, ...] = key(
        "Folders of the experiments, from the root: what verbs without FILE and `runner sync`"
        " read; files elsewhere are read where they are named.",
        ["specs"],
        default=(".",),
        min_length=1,
        strict=False,
    )
    results: str = key("Folder of the records, in the repository.", "results", default="results")
    device_max_age_s: Seconds = key(
        "What the target's devices can do is asked again when what is known is older (in s), by"
        " verbs that speak to the target anyway.",
        3600,
        default=3600.0,
    )
    removed: Literal["keep", "cancel"] = key(
        "Pending work of experiments that no file of the repository describes any more, when all"
        " of its files are applied.",
        "keep",
        default="keep",
    )
    allow_python: bool = key(
        "Whether the functions in Python are run that files name, for a sequence or a strategy: with all"
        " that you may do.",
        True,
        default=False,
    )
    python_timeout_s: Annotated[float, Field(gt=0, le=86_400)] = key(
        "How long such a function may take (in s).", 300, default=60.0
    )
    python_memory_gb: Annotated[float, Field(gt=0, le=1e6)] | None = optional(
        "How much memory the process of such a function may take (in GB); half of the machine's if left out.",
        16,
    )
    targets: dict[str, Target] = key(
        "Clouds that experiments can be applied to, by name.",
        {"pasqal": {"region": "fr", "project_id": "…"}},
        default_factory=dict,
    )
    defaults: Defaults = key(
        "What holds for files that say nothing of it.",
        {"policy": {"retry": {"limit": 1}}},
        default_factory=Defaults,
    )
    caps: Caps = key("Bounds on what any file may ask of the cloud.", {"runs": 100_000}, default_factory=Caps)
    budget_per_day: BudgetPerDay = key(
        "What all experiments of the repository together may buy in a day of UTC, on a target.",
        {"runs": 20_000, "qpu_s": 7200},
        default_factory=BudgetPerDay,
    )
    folders: dict[InRepository, FolderRules] = key(
        "What experiments in a folder, by its path from the root, and below it may use.",
        {"specs/qpu": {"targets": ["pasqal"], "device_types": ["FRESNEL"]}},
        default_factory=dict,
    )
    views: dict[Annotated[str, Field(min_length=1, max_length=60)], View] = key(
        "Views of the dashboard's first page, by the names of their links.",
        {"to look at": {"health": "Degraded", "folder": "specs/qpu"}},
        default_factory=dict,
    )
    limits: Limits = key("Bounds on the files themselves.", {"jobs": 1000}, default_factory=Limits)
    notifications: list[Notification] = key(
        "Webhooks that `runner sync` tells how things stand.",
        [{"url_env": "RUNNER_CHAT_URL", "on": ["failed", "held"]}],
        default_factory=list,
    )
    commit_status: CommitStatus | None = optional(
        "Where `runner sync` shows the state of a commit.",
        {"provider": "github", "repository": "lab/experiments", "token_env": "RUNNER_STATUS_TOKEN"},
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


def _integers_as_seconds(value: dict[str, object]) -> dict[str, object]:
    """TOML tells 30 from 30.0; a number of seconds may be written either way."""
    targets = value.get("targets")
    if isinstance(targets, dict):
        named = {name: _floats(each) if isinstance(each, dict) else each for name, each in targets.items()}
        value = value | {"targets": named}
    return _floats(value)


def _floats(table: dict[str, object]) -> dict[str, object]:
    return {k: float(v) if k.endswith("_s") and type(v) is int else v for k, v in table.items()}


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


def settings_data(path: Path) -> dict[str, object]:
    """What stands in a file of settings.

    Raises:
        OSError: It cannot be read.

        ValueError: It is no TOML, nested too deeply, or larger than real settings.
    """
    text = path.read_bytes()
    if len(text) > _MOST_BYTES or any(map(_is_endless, text.splitlines())):
        raise ValueError(f"more than {_MOST_BYTES:,} bytes, or more than {_MOST_DOTS} dots on a line")
    try:
        return tomllib.loads(text.decode())
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def _is_endless(line: bytes) -> bool:
    return line.count(b".") > _MOST_DOTS and not line.lstrip().startswith(b"#")
