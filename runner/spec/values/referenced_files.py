"""Files that an experiment file names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.domain.suggestions import HintedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class CompanionError(HintedError):
    """A file that the experiment file names and that can't be had."""


def no_companions(name: str) -> str:
    """The companion files of a text that is nowhere: none."""
    raise CompanionError(f"{name} can't be opened from here")


class Companions:
    """The companion files of one experiment file, each read once.

    Args:
        read: Gives the content of a file; fails with `CompanionError`.
    """

    def __init__(self, read: Callable[[str], str]) -> None:
        self._read = read
        self._texts: dict[str, str] = {}

    @property
    def texts(self) -> Mapping[str, str]:
        """Content of each that was read, in the order of reading."""
        return dict(self._texts)

    def take(self, texts: Mapping[str, str]) -> None:
        """Count files in that were read elsewhere, as they were then."""
        self._texts.update(texts)

    def text(self, name: str) -> str:
        """Content of a file.

        Raises:
            CompanionError: It can't be had.
        """
        if name not in self._texts:
            self._texts[name] = self._read(name)
        return self._texts[name]
