"""Pictures of experiments as SVG, drawn when they are asked for, and kept until something is new."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from runner.project import late_imports
from runner.project.api import Declared
from runner.project.views.describe import chosen_job, drawings_of, plays_of
from runner.results.plots.choose import Asked, picture

if TYPE_CHECKING:
    from runner.dashboard.sight import Sight
    from runner.project.project import Project

KINDS: Final = ("plot", "register", "pulses")


class Pictures:
    """Draws pictures; one at a time, for Matplotlib shares what it draws with."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._turn = threading.Lock()
        self._drawn: dict[tuple[str, str], tuple[object, bytes | None]] = {}

    def drawn(self, sight: Sight, name: str, kind: str) -> bytes | None:
        """A picture; None where there is none.

        Raises:
            RunnerError: It cannot be drawn.
        """
        experiment = sight.experiments.get(name)
        if experiment is None or kind not in KINDS:
            return None
        version = (experiment.file.digest, sight.recorded.get(name))
        with self._turn:
            known = self._drawn.get((name, kind))
            if known is None or known[0] != version:
                known = self._drawn[name, kind] = (version, self._draw(sight, name, kind))
            return known[1]

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
