"""A message to a receiver → the HTTP request that tells it, signed or with a token. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from runner.cloud.wire.webhook_message import Post
from runner.domain.digests import digest
from runner.errors import DeliveryError
from runner.project.notify.commit_status import SUPERSEDED
from runner.project.notify.events import NoticeState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.project.config.notifications import CommitStatus, Notification
    from runner.project.notify.events import Notice
    from runner.project.notify.outbox import Message

_JSON: Final = {"Content-Type": "application/json; charset=utf-8"}
_CHARACTERS: Final = 16
_ON_GITHUB: Final[Mapping[str, str]] = {
    NoticeState.COMPLETE: "success",
    NoticeState.SUSPENDED: "success",
    NoticeState.PROGRESSING: "pending",
    NoticeState.ERROR: "error",
    SUPERSEDED: "pending",
}
_ON_GITLAB: Final[Mapping[str, str]] = {
    NoticeState.COMPLETE: "success",
    NoticeState.SUSPENDED: "success",
    NoticeState.PROGRESSING: "running",
    SUPERSEDED: "canceled",
}


@dataclass(frozen=True, slots=True)
class Webhook:
    """Any server that takes our notifications.

    Args:
        wishes: All settings with its address; where it is, and how it is told, is said by the first.
    """

    wishes: tuple[Notification, ...]

    @property
    def settings(self) -> Notification:
        """Where it is, and how it is told."""
        return self.wishes[0]

    def wants(self, notice: Notice) -> bool:
        """Whether it is to be told."""
        return any(
            notice.state in wish.on
            and (not notice.experiment or any(fnmatchcase(notice.experiment, p) for p in wish.experiments))
            for wish in self.wishes
        )

    @property
    def channel(self) -> str:
        """Digest of where it is."""
        parts = {"url": self.settings.url, "url_env": self.settings.url_env}
        return f"webhook:{digest(parts)[:_CHARACTERS]}"

    @property
    def shown(self) -> str:
        """Its host, or the variable that knows it."""
        known = self.settings.url_env
        return f"webhook ${known}" if known else f"webhook {urlsplit(self.settings.url or '').netloc}"

    @property
    def timeout_s(self) -> float:
        """How long an answer is waited for (in s)."""
        return self.settings.timeout_s

    def post(self, message: Message, environ: Mapping[str, str], now_s: float) -> Post:
        """The payload, with its signature."""
        url = self.settings.url or _of(environ, self.settings.url_env or "")
        body = json.dumps(message.body, ensure_ascii=False).encode()
        timestamp = str(int(now_s))
        headers = {
            **_JSON,
            "X-Runner-Delivery": str(message.body["id"]),
            "X-Runner-Event": message.state,
            "X-Runner-Timestamp": timestamp,
        }
        if self.settings.secret_env:
            key = _of(environ, self.settings.secret_env)
            headers["X-Runner-Signature-256"] = f"sha256={signature(key, timestamp, body)}"
        return Post(url, headers, body)

    def secrets(self, environ: Mapping[str, str]) -> list[str]:
        """The key, and a URL that is one."""
        return _values(environ, self.settings.url_env, self.settings.secret_env)


@dataclass(frozen=True, slots=True)
class StatusInterface:
    """GitHub or GitLab, where states are shown beside commits."""

    settings: CommitStatus

    @property
    def channel(self) -> str:
        """Digest of where it is."""
        parts = [self.settings.provider, self.settings.api, self.settings.repository]
        return f"status:{digest(parts)[:_CHARACTERS]}"

    @property
    def shown(self) -> str:
        """Its host."""
        return f"commit status at {urlsplit(self.settings.api).netloc}"

    @property
    def timeout_s(self) -> float:
        """How long an answer is waited for (in s)."""
        return self.settings.timeout_s

    def post(self, message: Message, environ: Mapping[str, str], now_s: float) -> Post:
        """The state of a commit, as the provider wants it told."""
        del now_s
        token, of = _of(environ, self.settings.token_env), self.settings
        if of.provider == "github":
            url = f"{of.api}/repos/{of.repository}/statuses/{message.body['commit']}"
            headers = {
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
                "Authorization": f"Bearer {token}",
            }
            return Post(url, _JSON | headers, _encoded(_github(message)))
        url = f"{of.api}/projects/{quote(of.repository, safe='')}/statuses/{message.body['commit']}"
        return Post(url, _JSON | {"PRIVATE-TOKEN": token}, _encoded(_gitlab(message)))

    def secrets(self, environ: Mapping[str, str]) -> list[str]:
        """The token."""
        return _values(environ, self.settings.token_env)


# What a message is sent to.
Receiver = Webhook | StatusInterface


def signature(key: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 of timestamp, full stop and body, as 64 hexadecimal digits."""
    return hmac.new(key.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _github(message: Message) -> dict[str, object]:
    return {
        "state": _ON_GITHUB.get(message.state, "failure"),
        "context": message.body["context"],
        "description": message.body["description"],
    }


def _gitlab(message: Message) -> dict[str, object]:
    return {
        "state": _ON_GITLAB.get(message.state, "failed"),
        "name": message.body["context"],
        "description": message.body["description"],
        "ref": message.body["branch"],
    }


def _encoded(value: dict[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _of(environ: Mapping[str, str], name: str) -> str:
    """A value of the environment, without the line's end that files put behind it."""
    value = environ.get(name, "").strip()
    if not value:
        raise DeliveryError(f"the environment variable {name} is not set", hint="runner.toml names it")
    return value


def _values(environ: Mapping[str, str], *names: str | None) -> list[str]:
    return [value for name in names if name and (value := environ.get(name, "").strip())]
