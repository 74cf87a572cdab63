"""The command line: one module a verb, each parses, calls `runner.project`, and prints.

Data goes to stdout, everything else to stderr. The one place that turns errors into exit codes is
`runner.cli.main`.
"""

from runner.cli.main import main

__all__ = ["main"]
