"""Packages that only some of it needs."""

from __future__ import annotations

import traceback

import pytest

from runner.errors import RunnerError
from runner.optional_packages import needed


def test_python_says_how_to_install_what_is_missing():
    """Below the error, where a traceback ends."""
    with pytest.raises(RunnerError) as caught:
        needed("no_such_package", "to_pandas()")

    assert [
        "runner.errors.RunnerError: to_pandas() needs no_such_package, which is not installed\n",
        "hint: pip install 'pulser-runner[data]'\n",
    ] == traceback.format_exception_only(caught.value)
