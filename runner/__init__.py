"""A declarative runner for neutral-atom experiments on Pasqal Cloud Services.

Files in git say which jobs are wanted; the runner makes the cloud match them and records what came back.
The rooms are the subpackages; `runner.project` wires them together, the command line lives in `runner.cli`.
"""

from importlib.metadata import version

__version__ = version("pulser-runner")
__all__ = ["__version__"]
