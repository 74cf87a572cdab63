"""The configuration file of a server, TOML or JSON: tokens, limits, life cycle, webhooks, faults."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from runner.errors import LocalCloudError
from runner.local.protocol import result_links
from runner.local.protocol.faults import Rule
from runner.local.rules.device_types import limit_problem
from runner.local.rules.job_costs import KEPT_FOR_SHORT
from runner.local.rules.webhook_policy import is_address

if TYPE_CHECKING:
    from pathlib import Path

SHORTEST_TOKEN = 16
# A year; longer is a slip of the pen.
_LONGEST_S = 365 * 86400.0


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


def _presentable(token: SecretStr) -> SecretStr:
    text = token.get_secret_value()
    if len(text) < SHORTEST_TOKEN or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"a token has at least {SHORTEST_TOKEN} visible ASCII characters")
    return token


Token = Annotated[SecretStr, AfterValidator(_presentable)]


class LifeCycle(_Strict):
    """How long things take that happen by themselves, and what does not happen.

    Args:
        idle_patience_s: How long an open batch may have nothing left to run (in s); PCS says "a few minutes".

        canceling_s: How long what was canceled stays CANCELING (in s).

        paused_devices: Device types of which nothing starts.
    """

    idle_patience_s: float = Field(default=300.0, gt=0.0, le=_LONGEST_S)
    canceling_s: float = Field(default=0.0, ge=0.0, le=_LONGEST_S)
    paused_devices: list[str] = []


class ResultSettings(_Strict):
    """What holds for results.

    Args:
        link_lifetime_s: How long a result's address leads to it (in s).
    """

    link_lifetime_s: float = Field(default=result_links.LIFETIME.total_seconds(), gt=0.0, le=_LONGEST_S)


def _postable(url: str) -> str:
    if not is_address(url):
        raise ValueError("expected an address like http://127.0.0.1:9000/hooks")
    return url


def _possible(limits: dict[str, int]) -> dict[str, int]:
    problems = [problem for name, limit in limits.items() if (problem := limit_problem(name, limit))]
    if problems:
        raise ValueError("; ".join(problems))
    return limits


class WorkerSettings(_Strict):
    """What workers are for.

    Args:
        kept_for_short: How many are kept for short jobs, where there are more than one.
    """

    kept_for_short: int = Field(default=KEPT_FOR_SHORT, ge=0, le=1_000_000)


class DeviceSettings(_Strict):
    """What device types take.

    Args:
        max_qubits: Most qubits, by device type; one that is left out takes what can be emulated.
    """

    max_qubits: Annotated[dict[str, Annotated[int, Field(ge=1)]], AfterValidator(_possible)] = {}


class WebhookSettings(_Strict):
    """Who is told of batches that ended.

    Args:
        allow: Addresses that may be told; everything below an address is allowed too.

        tries: How often it is tried.

        first_wait_s: How long to wait after the first try (in s); it doubles with each.

        timeout_s: How long an answer may take (in s).
    """

    allow: list[Annotated[str, AfterValidator(_postable)]] = []
    tries: int = Field(default=5, ge=1, le=20)
    first_wait_s: float = Field(default=1.0, gt=0.0, le=3600.0)
    timeout_s: float = Field(default=10.0, gt=0.0, le=60.0)


class ControlSettings(_Strict):
    """Whether the cloud's behaviour can be changed while it runs, and by whom."""

    enabled: bool = False
    token: Token | None = None


class Configuration(_Strict):
    """All that a configuration file may say; what it leaves out is as without a file."""

    tokens: dict[Annotated[str, Field(min_length=1)], Token] = {}
    life_cycle: LifeCycle = LifeCycle()
    results: ResultSettings = ResultSettings()
    devices: DeviceSettings = DeviceSettings()
    workers: WorkerSettings = WorkerSettings()
    webhooks: WebhookSettings = WebhookSettings()
    control: ControlSettings = ControlSettings()
    faults: list[Rule] = []

    @model_validator(mode="after")
    def _is_guarded(self) -> Configuration:
        secrets = [token.get_secret_value() for token in self.tokens.values()]
        guard = self.control.token
        if guard is not None:
            secrets.append(guard.get_secret_value())
        if len(set(secrets)) < len(secrets):
            raise ValueError("every project, and control, needs a token of its own")
        if self.tokens and self.control.enabled and guard is None:
            raise ValueError("with tokens, control.enabled needs a control.token")
        return self


def read_configuration(path: Path) -> Configuration:
    """The configuration in a file: JSON if its name ends so, else TOML.

    Raises:
        LocalCloudError: With every fault that was found; no token is in it.
    """
    try:
        text = path.read_text(encoding="utf-8")
        value = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise LocalCloudError(f"The configuration {path} cannot be read: {error}.") from error
    except RecursionError as error:
        raise LocalCloudError(f"The configuration {path} cannot be read: it is nested too deep.") from error
    try:
        return Configuration.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        lines = [f"  {'.'.join(map(str, each['loc'])) or 'file'}: {each['msg']}" for each in found]
        message = "\n".join([f"The configuration {path} is not valid:", *lines])
    # The error above carries what was read, tokens included: it ends here.
    raise LocalCloudError(message, hint="docs/local-cloud.md has every option.")
