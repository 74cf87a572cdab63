"""Records of what ran and what came back, and what is made of them: results, tables, labelled arrays.

Here belongs what can be done without a cloud. Nothing is fetched here. numpy, pandas, xarray and Pulser are
imported by what needs them, when it is called: reading records stays light.
"""

from runner.results.analysis.counts import Counts
from runner.results.analysis.estimates import Bootstrap, Estimate, Estimates
from runner.results.analysis.job_result import Runs
from runner.results.analysis.points import Sweep, columns_of, unit_of
from runner.results.api import JobResult, Results
from runner.results.gather import Kept, gathered
from runner.results.records.counted_jobs import ResultStatus
from runner.results.records.records import Records, read_record, record_line
from runner.results.records.verify import Flaw, Verdict, verified

__all__ = [
    "Bootstrap",
    "Counts",
    "Estimate",
    "Estimates",
    "Flaw",
    "JobResult",
    "Kept",
    "Records",
    "ResultStatus",
    "Results",
    "Runs",
    "Sweep",
    "Verdict",
    "columns_of",
    "gathered",
    "read_record",
    "record_line",
    "unit_of",
    "verified",
]
