"""What each receiver was told, and what waits to be told: kept beside the clone, so that a restart knows it.

A message is written down before it is sent, and struck out after that: one that was sent in the moment of a
crash is sent again, and none is forgotten.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from runner.errors import DeliveryError, GitError
from runner.gitops.state_file import write_aside

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FILE_NAME: Final = "notifications.json"
# So many messages of a receiver are remembered, the newest ones.
KEPT: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something to be told to one receiver.

    Args:
        key: What it is about; of two messages with one key, the later one counts.

        state: What is said of it.

        body: A JSON object; no secret is in it.
    """

    key: str
    state: str
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What one receiver knows.

    Args:
        known: State that was last told, or waits to be told, of each key; oldest first.

        waiting: Messages that were not delivered yet, oldest first.

        failures: Turns in a row in which nothing could be delivered.

        again_at_s: When the receiver wants to hear of us again (in s since 1970).
    """

    known: Mapping[str, str] = field(default_factory=dict)
    waiting: tuple[Message, ...] = ()
    failures: int = 0
    again_at_s: float = 0.0

    def with_news(self, messages: Iterable[Message]) -> Channel:
        """The same, with those waiting that are news to it."""
        known, waiting = dict(self.known), list(self.waiting)
        for message in messages:
            if known.get(message.key) != message.state:
                known.pop(message.key, None)
                known[message.key] = message.state
                waiting.append(message)
        return replace(self, known=dict(list(known.items())[-KEPT:]), waiting=tuple(waiting))

    def without_first(self) -> Channel:
        """The same, after the first message has gone."""
        return replace(self, waiting=self.waiting[1:])


def read_outbox(path: Path) -> dict[str, Channel]:
    """What was remembered of each receiver; nothing where nothing is.

    Raises:
        DeliveryError: It cannot be read.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {name: _channel(each) for name, each in found.items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise DeliveryError(f"{path}: cannot be read: {error}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DeliveryError(
            f"{path}: is not what `runner sync` writes",
            hint="without this file, all that is so is told once more",
        ) from error


def _channel(value: Mapping[str, Any]) -> Channel:
    waiting = tuple(Message(**each) for each in value["waiting"])
    return Channel(**(dict(value) | {"known": dict(value["known"]), "waiting": waiting}))


def write_outbox(path: Path, channels: Mapping[str, Channel]) -> None:
    """Remembers it, whole or not at all."""
    try:
        write_aside(path, {name: asdict(each) for name, each in channels.items()})
    except GitError as error:
        raise DeliveryError(str(error)) from error
