"""Records of what ran and what came back, and tables over them.

Here belongs what can be done without a cloud and without Pulser. Nothing is fetched here.
"""

from runner.results.records import Records, read_record, record_line
from runner.results.table import JobRow, job_rows

__all__ = ["JobRow", "Records", "job_rows", "read_record", "record_line"]
