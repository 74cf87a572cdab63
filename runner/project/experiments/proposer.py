"""What proposes the points of strategies here: versions of packages, kernel of BLAS, processor."""

from __future__ import annotations

import platform
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from runner.project import late_imports
from runner.strategies.kinds import KINDS

# What engines calculate with, and what a kind needs beside it, by the names of their modules.
_ALWAYS: Final = ("numpy", "scipy")
_DISTRIBUTIONS: Final = {"sklearn": "scikit-learn"}


@cache
def proposer(kind: str) -> dict[str, str]:
    """What proposes the points of a kind of strategy here, as far as it is installed."""
    known = KINDS.get(kind)
    own = known.package if known else ""
    found = {"python": platform.python_version()} if kind == "python" else {}
    for name in (*_ALWAYS, *([_DISTRIBUTIONS.get(own, own)] if own else ())):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found | {"blas": _blas(), "processor": _processor()}


def differences(here: dict[str, str], there: object) -> str:
    """What is otherwise here than where points were bought, in words; empty where nothing is known of it."""
    known = there if isinstance(there, dict) else {}
    other = [
        f"{name} {known[name]}, here {value}"
        for name, value in here.items()
        if known.get(name, value) != value
    ]
    return "; ".join(other)


def _blas() -> str:
    """The library for matrices and, where that can be told, the kernel that it takes on this processor."""
    with suppress(ImportError):  # it comes with scikit-learn
        for each in late_imports.threadpool_info():
            if each.get("user_api") == "blas":
                said = (each.get("internal_api"), each.get("version"), each.get("architecture"))
                return " ".join(str(word) for word in said if word)
    with suppress(TypeError, KeyError):
        known = late_imports.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return f"{known['name']} {known['version']}"
    return "unknown"


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return f"{line.partition(':')[2].strip()}, {platform.machine()}"
    return ", ".join(filter(None, (platform.processor(), platform.machine())))
