"""History: what was done, when, why and by whom. For people; no decision rests on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.reconcile.journal.database import JournalFile, Row
    from runner.reconcile.journal.lock import Owner

DONE = "done"
_SELECT = (
    "SELECT seq, at, experiment, action, batch_id, reason, outcome, jobs, runs, host, pid, verb FROM history"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that was done.

    Args:
        at: When it was over, by this machine's clock.

        action: What it was, for example AddJobs.

        batch_id: None where no batch is known.

        outcome: `done`, or what became of it instead.

        jobs: How many were asked for; bought if the outcome is `done`.

        runs: Of all these jobs.

        verb: What the user called the runner with.
    """

    seq: int
    at: datetime
    experiment: str
    action: str
    batch_id: str | None
    reason: str
    outcome: str
    jobs: int
    runs: int
    host: str
    pid: int
    verb: str


class History:
    """The history in a journal.

    Args:
        clock: The time now, with a time zone.

        who: The process that does what is written down.
    """

    def __init__(self, file: JournalFile, clock: Callable[[], datetime], who: Callable[[], Owner]) -> None:
        self._file, self._clock, self._who = file, clock, who

    def add(  # noqa: PLR0913  (the columns of one row)
        self,
        experiment: str,
        action: str,
        *,
        reason: str,
        batch_id: str | None = None,
        outcome: str = DONE,
        jobs: int = 0,
        runs: int = 0,
    ) -> None:
        """Writes down what was done."""
        owner = self._who()
        row = {
            "at": self._clock().isoformat(),
            "experiment": experiment,
            "action": action,
            "batch_id": batch_id,
            "reason": reason,
            "outcome": outcome,
            "jobs": jobs,
            "runs": runs,
            "host": owner.host,
            "pid": owner.pid,
            "verb": owner.verb,
        }
        self._file.insert("history", row)

    def of(self, *experiments: str, limit: int | None = None) -> tuple[Happening, ...]:
        """What was done for some experiments, newest last.

        Args:
            experiments: Their names; none for all.

            limit: Only that many, the newest; None for all.
        """
        places = ", ".join("?" * len(experiments))
        chosen = f"WHERE experiment IN ({places})" if experiments else ""
        statement = f"{_SELECT} {chosen} ORDER BY seq DESC LIMIT ?"
        known = self._file.read_as(_happening, statement, (*experiments, -1 if limit is None else limit))
        return known[::-1]

    def runs_bought(self) -> int:
        """Runs of all experiments whose purchase was confirmed, since the journal began."""
        statement = "SELECT coalesce(sum(runs), 0) FROM history WHERE outcome = ?"
        return int(self._file.read(statement, (DONE,))[0][0])


def _happening(row: Row) -> Happening:
    seq, at, experiment, action, batch_id, reason, outcome, jobs, runs, host, pid, verb = row
    return Happening(
        seq=int(seq),
        at=datetime.fromisoformat(at),
        experiment=experiment,
        action=action,
        batch_id=batch_id,
        reason=reason,
        outcome=outcome,
        jobs=int(jobs),
        runs=int(runs),
        host=host,
        pid=int(pid),
        verb=verb,
    )
