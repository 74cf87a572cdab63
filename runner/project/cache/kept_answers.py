"""What functions in Python gave, kept so that they are asked once on a machine, and results need no code."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from runner.project.cache.compiled_cache import tidied
from runner.project.cache.durations import read_checksummed, write_checksummed

if TYPE_CHECKING:
    from pathlib import Path

    from runner.domain.json_values import Json


class KeptAnswers:
    """Answers to questions that always have the same one, a file for each.

    Args:
        folder: Where they are kept; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def answer(self, question: str) -> tuple[Json] | None:
        """The answer to a question; None where it was not asked.

        Args:
            question: Digest of all that the answer follows from.
        """
        body = None if self._folder is None else read_checksummed(self._folder / f"{question}.json")
        return None if body is None else (json.loads(body),)

    def keep(self, answers: dict[str, Json]) -> None:
        """Remembers the answers to some questions; of the others, those that were not of use for long go."""
        if self._folder is None or not answers:
            return
        with suppress(OSError):  # then they are asked again
            for question, answer in answers.items():
                body = json.dumps(answer, allow_nan=False, separators=(",", ":"))
                write_checksummed(self._folder / f"{question}.json", body)
            tidied(self._folder, time.time())
