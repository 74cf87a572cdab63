from runner.errors import RunnerError as RunnerError
from runner.project.api import load as load
from runner.results import Counts as Counts
from runner.results import Estimate as Estimate
from runner.results import JobResult as JobResult
from runner.results import Results as Results

__version__: str
__all__ = ["Counts", "Estimate", "JobResult", "Results", "RunnerError", "__version__", "load"]
