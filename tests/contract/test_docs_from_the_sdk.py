"""docs/from-the-sdk.md: every block of it runs, with both clients, on one cloud."""

from __future__ import annotations

import re
from pathlib import Path

import pulser
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "from-the-sdk.md"

# The SDK warns of its own age, and switches that warning on wherever it is imported.
pytestmark = pytest.mark.filterwarnings("ignore:SDK version:DeprecationWarning")


@pytest.fixture(scope="module")
def sequence():
    """Two atoms, driven for `t_ns`."""
    parametrised = pulser.Sequence(
        pulser.Register.rectangle(1, 2, spacing=6.0, prefix="q"), pulser.AnalogDevice
    )
    parametrised.declare_channel("ising", "rydberg_global")
    t_ns = parametrised.declare_variable("t_ns", dtype=int)
    parametrised.add(pulser.Pulse.ConstantPulse(t_ns, 6.28, 0.0, 0.0), "ising")
    parametrised.measure("ground-rydberg")
    return parametrised.to_abstract_repr()


def blocks(heading):
    """The blocks below the lines that begin so, in the order of the page."""
    pattern = rf"^{re.escape(heading)}:\n\n```python\n(.*?)```"
    return re.findall(pattern, PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


@pytest.mark.long
@pytest.mark.parametrize("heading", ["With the official SDK", "With `runner.cloud`"])
def test_the_five_tasks_work_as_the_page_says(local_server, sequence, heading):
    """In their order; what they leave behind is what the page promises."""
    names = {"SEQUENCE": sequence}
    some = blocks(heading)
    seen = []
    for block in some:
        exec(compile(block.replace("http://127.0.0.1:8000", local_server.url), str(PAGE), "exec"), names)
        seen.append({"counts": names.get("counts"), "batch": names.get("batch")})

    assert len(some) == 5
    assert [100, 100, 100] == [sum(each.values()) for each in seen[1]["counts"]]
    assert ("DONE", 1, False) == (
        seen[2]["batch"].status,
        len(seen[2]["batch"].ordered_jobs),
        seen[2]["batch"].open,
    )
    assert len(names["found"]) >= 1
    assert (names["found"][0].id, 3) == (names["again"].parent_id, len(names["again"].ordered_jobs))
