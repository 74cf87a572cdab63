"""A declarative runner for neutral-atom experiments on Pasqal Cloud Services.

Files in git say which jobs are wanted; the runner makes the cloud match them and records what came back.
The rooms are the subpackages; `runner.project` wires them together, the command line lives in `runner.cli`.

In Python, `runner.load` reads an experiment file:

    import runner

    e = runner.load("specs/afm-ramp.yaml")
    e.apply()
    e.results().to_pandas()

What stands in `__all__` is imported when it is first used; importing the package costs next to nothing.
"""

from importlib.metadata import version
from typing import Final

from runner.lazy import lazy_names

__version__ = version("pulser-runner")
__all__ = ["Counts", "Estimate", "JobResult", "Results", "RunnerError", "__version__", "load"]

# Where each name is. By text, since rooms below ask this module for the version: no arrow runs up from here.
# The types are in the stub beside this file.
_PLACES: Final = {
    "Counts": "runner.results",
    "Estimate": "runner.results",
    "JobResult": "runner.results",
    "Results": "runner.results",
    "RunnerError": "runner.errors",
    "load": "runner.project.api",
}


__getattr__ = lazy_names(__name__, _PLACES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
