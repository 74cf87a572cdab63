"""Receivers of notifications: `[[notifications]]` and `[commit_status]` of `runner.toml`.

What is secret of them stands in the environment, in variables whose names begin with `RUNNER_`: a file that
is merged can thus not have other secrets of the process sent somewhere.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from runner.project.config.tables import StrictTable, key, optional

Told = Literal["complete", "failed", "held", "invalid", "refused", "error", "progressing", "suspended"]
Variable = Annotated[str, Field(pattern=r"^RUNNER_[A-Z0-9_]+$")]
Timeout = Annotated[float, Field(gt=0, le=10)]

_BY_DEFAULT: Final[tuple[Told, ...]] = ("complete", "failed", "held", "invalid", "refused", "error")
_APIS: Final = {"github": "https://api.github.com", "gitlab": "https://gitlab.com/api/v4"}
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_TIMEOUT_S: Final = 5.0


class Notification(
    StrictTable, json_schema_extra={"oneOf": [{"required": ["url"]}, {"required": ["url_env"]}]}
):
    """A webhook that is told, once for each state that an experiment or a commit comes into."""

    url: str | None = optional(
        "Where messages are posted; one that is secret goes into `url_env`.",
        "https://lab.example.org/hooks/runner",
        pattern=r"^https?://",
    )
    url_env: Variable | None = optional(
        "Environment variable with the URL: those of chat services are secrets.", "RUNNER_CHAT_URL"
    )
    secret_env: Variable | None = optional(
        "Environment variable with the key by which messages are signed (HMAC, SHA-256);"
        " without it they are not signed.",
        "RUNNER_WEBHOOK_SECRET",
    )
    on: list[Told] = key("States that are told.", ["failed", "held"], default=list(_BY_DEFAULT), min_length=1)
    experiments: list[str] = key(
        "Names or patterns of the experiments that are told of; * and ? stand for any letters."
        " What is about the whole repository is told anyway.",
        ["afm-*"],
        default=["*"],
    )
    timeout_s: Timeout = key("How long an answer is waited for (in s).", 5, default=_TIMEOUT_S)

    @field_validator("url")
    @classmethod
    def _has_no_secret(cls, value: str | None) -> str | None:
        return _without_user(value) if value else value

    @model_validator(mode="after")
    def _one_address(self) -> Notification:
        if (self.url is None) == (self.url_env is None):
            raise ValueError("a notification has either a url or a url_env")
        return self


class CommitStatus(StrictTable):
    """Where the state of a commit is shown beside it: on GitHub or GitLab."""

    provider: Literal["github", "gitlab"] = key("Whose interface it is.", "github")
    url: str | None = optional(
        "Base URL of the interface; default: https://api.github.com, or https://gitlab.com/api/v4.",
        "https://gitlab.example.org/api/v4",
        pattern=r"^https?://",
    )
    repository: str = key(
        "Owner and name of the repository; on GitLab the path of the project, or its number.",
        "lab/experiments",
        "4711",
        pattern=r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$",
    )
    token_env: Variable = key(
        "Environment variable with a token that may write statuses: on GitHub `statuses:write`,"
        " on GitLab `api`.",
        "RUNNER_STATUS_TOKEN",
    )
    context: str = key(
        "What tells this status from those of others.",
        "runner",
        default="runner",
        pattern=r"^[^\x00-\x1f\x7f]{1,100}$",
    )
    per_experiment: bool = key(
        "Whether each experiment has a status, too: `context/NAME`.", True, default=False
    )
    timeout_s: Timeout = key("How long an answer is waited for (in s).", 5, default=_TIMEOUT_S)

    @field_validator("url")
    @classmethod
    def _keeps_the_token(cls, value: str | None) -> str | None:
        if value and not value.startswith("https://") and urlsplit(value).hostname not in _LOOPBACK:
            raise ValueError("a token is sent there: it has to be https")
        return _without_user(value) if value else value

    @model_validator(mode="after")
    def _has_an_owner(self) -> CommitStatus:
        if self.provider == "github" and self.repository.count("/") != 1:
            raise ValueError("on GitHub a repository is OWNER/NAME")
        return self

    @property
    def api(self) -> str:
        """Base URL of the interface, without a slash at its end."""
        return (self.url or _APIS[self.provider]).rstrip("/")


def _without_user(url: str) -> str:
    if "@" in urlsplit(url).netloc:
        raise ValueError("users and passwords have no place in a file; name an environment variable")
    return url
