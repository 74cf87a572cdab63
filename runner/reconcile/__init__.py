"""Observe, plan, execute: the cloud is brought to what the file asks for, and nothing is bought twice.

`observe` only reads. `plan` is pure: `planner` puts together `submission` (the next step towards buying),
`maintenance` (everything beside it) and `status` (what people read), over a snapshot and the progress of
its jobs. `execute` performs what a plan says and nothing else: `guard` stands before each request that
buys, and `reconciler` turns the wheel. `journal` remembers what was tried, keeps a second runner out, and
tells people what was done. What a sequence is, or how HTTP works, is not known here.
"""

from runner.reconcile.context import Context, utc_now
from runner.reconcile.display.progress import Numbers, Part, Progress, progress_after
from runner.reconcile.execute.executor import Executor
from runner.reconcile.execute.reconciler import End, Outcome, Patience, Reconciler, Watch
from runner.reconcile.journal.history import Happening
from runner.reconcile.journal.journal import Journal
from runner.reconcile.memory import CloudMemory
from runner.reconcile.model.actions import Action, CancelBatch, Hold
from runner.reconcile.model.observation import Observation, TargetSettings
from runner.reconcile.model.plan import Cost, Difference, Health, Plan, PointProgress, Sync, WaitFor
from runner.reconcile.model.snapshot import Planned, Snapshot
from runner.reconcile.observe.observer import Observer

__all__ = [
    "Action",
    "CancelBatch",
    "CloudMemory",
    "Context",
    "Cost",
    "Difference",
    "End",
    "Executor",
    "Happening",
    "Health",
    "Hold",
    "Journal",
    "Numbers",
    "Observation",
    "Observer",
    "Outcome",
    "Part",
    "Patience",
    "Plan",
    "Planned",
    "PointProgress",
    "Progress",
    "Reconciler",
    "Snapshot",
    "Sync",
    "TargetSettings",
    "WaitFor",
    "Watch",
    "progress_after",
    "utc_now",
]
