"""Records of what ran and what came back, and what is made of them: results, tables, labelled arrays.

Here belongs what can be done without a cloud. Nothing is fetched here. numpy, pandas, xarray and Pulser are
imported by what needs them, when it is called: reading records stays light.
"""

from runner.results.counts import Counts
from runner.results.estimates import Bootstrap, Estimate, Estimates
from runner.results.gathering import Kept, gathered
from runner.results.job_result import JobResult, Runs
from runner.results.points import Sweep, columns_of, unit_of
from runner.results.records import Records, read_record, record_line
from runner.results.results import Results
from runner.results.statuses import ResultStatus
from runner.results.table import JobRow, job_rows
from runner.results.verifying import Flaw, Verdict, verified

__all__ = [
    "Bootstrap",
    "Counts",
    "Estimate",
    "Estimates",
    "Flaw",
    "JobResult",
    "JobRow",
    "Kept",
    "Records",
    "ResultStatus",
    "Results",
    "Runs",
    "Sweep",
    "Verdict",
    "columns_of",
    "gathered",
    "job_rows",
    "read_record",
    "record_line",
    "unit_of",
    "verified",
]
