"""What proposes the points of strategies on this machine, and what is otherwise than elsewhere."""

from __future__ import annotations

from importlib.metadata import version

from runner.project.experiments.proposer import differences, proposer


def test_versions_kernel_and_processor_are_known():
    """NumPy's for all kinds; a kind's own package where it is installed."""
    found = proposer("sobol")
    assert {"numpy", "scipy", "blas", "processor"} == found.keys()
    assert version("numpy") == found["numpy"]
    assert all(found.values())


def test_what_is_otherwise_here_is_told():
    """What the other machine did not say is passed over."""
    here = {"numpy": "2.1", "scipy": "1.15", "blas": "openblas Haswell"}
    there = {"numpy": "2.1", "blas": "openblas SkylakeX", "python": "3.12"}
    assert differences(here, there) == "blas openblas SkylakeX, here openblas Haswell"
    assert differences(here, None) == ""
