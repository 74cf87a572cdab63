"""What a target's device types can do: asked of the target, and kept on this machine with its age."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from runner.atomic_file import write_atomically
from runner.domain import digest
from runner.errors import RunnerError
from runner.local.rules.device_types import DEVICE_TYPES
from runner.sequences.pulser_api.device_specs import NoSpecificationError, Specification, is_emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from runner.project.config.tables import Target

    Fetch = Callable[[], Mapping[str, str]]


FOLDER: Final = "devices"
_FORMAT: Final = "runner/devices/v1"
_KEY_CHARACTERS: Final = 16
_RETRY_AFTER_S: Final = 60.0
_ASK: Final = "`runner devices --refresh` asks for it, as do `plan` and `apply`"


@dataclass(frozen=True, slots=True)
class Served:
    """The specifications that a target served.

    Args:
        fetched_at_s: When (in s since 1970).

        texts: By device type, as Pulser's JSON.
    """

    fetched_at_s: float
    texts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, place: Path) -> Self | None:
        """What is kept in a file; None if it is not there, or not one of ours."""
        try:
            match json.loads(place.read_text(encoding="utf-8")):
                case {"format": str(kind), "fetched_at_s": float(at_s), "specifications": dict(texts)} if (
                    kind == _FORMAT and all(isinstance(text, str) for text in texts.values())
                ):
                    return cls(at_s, texts)
        except (OSError, ValueError):
            pass
        return None

    def write(self, place: Path) -> None:
        """Keeps it."""
        said = {"format": _FORMAT, "fetched_at_s": self.fetched_at_s, "specifications": dict(self.texts)}
        with suppress(OSError):  # then it is asked for again
            place.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(place, json.dumps(said))


class LiveDevices:
    """The specifications that a target serves.

    Args:
        place: File that keeps them; None keeps them for this process alone.

        target: How people call the target.

        max_age_s: Asked for again when they are older.

        fetch: Asks the target; None where no cloud is to be asked, so that what is kept serves at any age.

        clock: The time now (in s since 1970).
    """

    def __init__(
        self,
        place: Path | None,
        *,
        target: str,
        max_age_s: float,
        fetch: Fetch | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.target = target
        self._place, self._max_age_s, self._fetch, self._clock = place, max_age_s, fetch, clock
        self._served: Served | None = None
        self._is_read = False
        self._failure: RunnerError | None = None
        self._failed_at_s = 0.0

    def known(self, device_type: str) -> Specification | None:
        """That of a device type.

        The target is asked when what is kept is too old. When nothing is kept, it is asked for the sake of
        machines alone: emulators take what the machine takes, and more.
        """
        served = self._kept() if self._kept() or is_emulator(device_type) else self._asked()
        served = self._asked() if served and self._is_old(served) else served
        return _of(served, device_type)

    def required(self, device_type: str) -> Specification:
        """That of a device type, asked for if nothing is kept.

        Raises:
            NoSpecificationError: There is none, and why.
        """
        served = self._kept()
        if served is None or self._is_old(served):
            served = self._asked()
        if served is None:
            raise self._unknown(device_type)
        found = _of(served, device_type)
        if found is None:
            names = ", ".join(sorted(served.texts)) or "nothing"
            message = f"the target {self.target} serves no device {device_type} ({self.said_age()})"
            raise NoSpecificationError(message, hint=f"it serves {names}")
        return found

    def served(self) -> frozenset[str] | None:
        """Names of all device types that the target takes, as far as it was asked; None if it was not."""
        served = self._kept()
        return served_names(frozenset(served.texts)) if served and served.texts else None

    def refresh(self) -> Served:
        """What the target serves now.

        Raises:
            RunnerError: It can't be asked.
        """
        if self._fetch is None:
            raise NoSpecificationError("no cloud is asked here")
        served = Served(self._clock(), dict(self._fetch()))
        self._served, self._is_read, self._failure = served, True, None
        if self._place:
            served.write(self._place)
        return served

    def kept(self) -> Served | None:
        """What is kept, whatever its age; None before anything was asked."""
        return self._kept()

    @property
    def failure(self) -> RunnerError | None:
        """Why the target could not be asked the last time; None if it could, or did not have to be."""
        return self._failure

    def said_age(self) -> str:
        """How old what is kept is, in words."""
        age_s = self.age_s()
        return "never asked" if age_s is None else age_said(age_s)

    def age_s(self) -> float | None:
        """How old what is kept is (in s); None before anything was asked."""
        served = self._kept()
        return max(0.0, self._clock() - served.fetched_at_s) if served else None

    def _kept(self) -> Served | None:
        if not self._is_read and self._place:
            self._served = Served.read(self._place)
        self._is_read = True
        return self._served

    def _is_old(self, served: Served) -> bool:
        return not 0 <= self._clock() - served.fetched_at_s <= self._max_age_s

    def _asked(self) -> Served | None:
        """What the target serves now; what is kept if it can't be asked."""
        if self._fetch is None or (self._failure and self._clock() - self._failed_at_s < _RETRY_AFTER_S):
            return self._kept()
        try:
            return self.refresh()
        except RunnerError as error:
            self._failure, self._failed_at_s = error, self._clock()
            return self._kept()

    def _unknown(self, device_type: str) -> NoSpecificationError:
        if self._failure:
            message = f"the target {self.target} can't be asked for {device_type}: {self._failure.message}"
            return NoSpecificationError(message, hint=self._failure.hint or "try again when it is there")
        message = f"what {device_type} of the target {self.target} can do was never asked"
        return NoSpecificationError(message, hint=_ASK)


class LocalDevices(LiveDevices):
    """The same of the local cloud, whose device types are known without asking."""

    def served(self) -> frozenset[str]:
        """Whether what they need is installed or not."""
        return local_device_types()


def place_of(folder: Path | None, target: Target, project_id: str) -> Path | None:
    """Where the specifications of a target are kept: another address or project may serve others."""
    if folder is None:
        return None
    said = [target.region or "", target.url or "", target.account_url or "", project_id]
    return folder / FOLDER / f"{digest(said)[:_KEY_CHARACTERS]}.json"


def _of(served: Served | None, device_type: str) -> Specification | None:
    text = served.texts.get(device_type) if served else None
    return None if text is None else Specification(device_type, text)


def local_device_types() -> frozenset[str]:
    """The device types of the local cloud, whether what they need is installed or not."""
    return frozenset(name for name, each in DEVICE_TYPES.items() if not each.gone)


def known_names() -> frozenset[str]:
    """The device types that PCS is known to have; it may have others."""
    return frozenset(DEVICE_TYPES)


def served_names(specified: frozenset[str]) -> frozenset[str]:
    """The device types of a target that has said which machines it has: emulators need no specification."""
    return specified | {name for name in known_names() if is_emulator(name)}


# How many seconds of each there are, the longest first.
_UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def age_said(age_s: float) -> str:
    """An age in words: `3 hours old`; rounded down to the largest unit of which there is one."""
    for seconds, unit in _UNITS:
        if count := int(age_s // seconds):
            return f"{count} {unit}{'s' if count > 1 else ''} old"
    return "less than a minute old"
