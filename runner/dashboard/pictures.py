"""Pictures of experiments as SVG, drawn when they are asked for, and kept until something is new."""

from __future__ import annotations

import logging
import textwrap
import threading
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from runner.errors import RunnerError
from runner.pages import printable
from runner.project import late_imports
from runner.project.api import Declared
from runner.project.views.describe import chosen_job, drawings_of, plays_of
from runner.results.plots.choose import Asked, picture

if TYPE_CHECKING:
    from runner.dashboard.sight import Sight
    from runner.project.project import Project

KINDS: Final = ("plot", "register", "pulses")
_MOST_LINES: Final = 6
_log: Final = logging.getLogger(__name__)


class Pictures:
    """Draws pictures; one at a time, for Matplotlib shares what it draws with."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._turn = threading.Lock()
        self._drawn: dict[tuple[str, str], tuple[object, bytes]] = {}

    def drawn(self, sight: Sight, name: str, kind: str) -> bytes | None:
        """A picture, or why there is none, as SVG; None where there is no such thing."""
        experiment = sight.experiments.get(name)
        if experiment is None or kind not in KINDS:
            return None
        version = (experiment.file.digest, sight.recorded.get(name))
        with self._turn:
            known = self._drawn.get((name, kind))
            if known is None or known[0] != version:
                known = self._drawn[name, kind] = (version, self._drawn_or_why(sight, name, kind))
            return known[1]

    def _drawn_or_why(self, sight: Sight, name: str, kind: str) -> bytes:
        try:
            return self._draw(sight, name, kind) or _saying("nothing is measured yet")
        except RunnerError as error:
            return _saying(str(error))
        except Exception as error:  # noqa: BLE001  (the page shows the others)
            _log.exception("a picture of %s cannot be drawn", name)
            return _saying(f"it cannot be drawn: {type(error).__name__}")

    def _draw(self, sight: Sight, name: str, kind: str) -> bytes | None:
        experiment = sight.experiments[name]
        if kind == "plot":
            results = Declared(self._project, experiment).results()
            if not any(job.counts for job in results):
                return None
            return late_imports.content(late_imports.figure(picture(name, results, Asked())), "svg")
        plays = plays_of(experiment, is_emulated=experiment.desired.emulated)
        register, pulses = drawings_of(experiment, chosen_job(experiment, None), plays)
        return register if kind == "register" else pulses


def _saying(text: str) -> bytes:
    """A picture that says something."""
    lines = textwrap.wrap(printable(text), 60)[:_MOST_LINES]
    shown = "".join(f'<tspan x="8" dy="1.4em">{escape(line)}</tspan>' for line in lines)
    size = f'width="480" height="{22 * len(lines) + 14}"'
    font = 'font-family="sans-serif" font-size="14" fill="#595959"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><text {font}>{shown}</text></svg>'.encode()
