"""What a cluster lacks, said in the log: when it begins, now and then while it lasts, and when it is over."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.local.engines.base import EngineState

_LOG = logging.getLogger(__name__)
_SAY_AGAIN_S = 600.0


class Notices:
    """Says in the log what is wrong: when it begins, when it is over, and now and then while it lasts."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def log(self, condition: EngineState) -> None:
        """Say what is new, or was not said for long."""
        lines = {complaint: complaint for complaint in condition.complaints}
        lines |= {why: f"jobs of {emulator} wait: {why}" for emulator, why in condition.lacking.items()}
        for address, why in condition.left_out.items():
            # How long it is silent grows, and is no news.
            kind = why if "heard" not in why else "silent"
            lines[f"{address} {kind}"] = f"the Dask worker {address} gets no jobs: {why}"
        now_s = time.monotonic()
        for key, line in lines.items():
            if now_s - self._said.get(key, float("-inf")) >= _SAY_AGAIN_S:
                _LOG.warning("%s", line)
                self._said[key] = now_s
        for key in self._said.keys() - lines.keys():
            _LOG.warning("it is over: %s", key)
            del self._said[key]
