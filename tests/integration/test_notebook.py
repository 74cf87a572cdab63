"""A real kernel of Jupyter, and what it shows of plan, status and apply."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("ipykernel", reason="the extra test-long is not installed")
nbclient = pytest.importorskip("nbclient", reason="the extra test-long is not installed")
nbformat = pytest.importorskip("nbformat", reason="the extra test-long is not installed")

LOAD = "import runner\ne = runner.load('specs/pair.yaml')"
# The look of each pass is told to the timer, so that the interrupt comes while apply waits.
INTERRUPTED = """\
import os, signal
e.apply(tell=lambda plan: os.kill(os.getpid(), signal.SIGINT))
"""


@pytest.fixture
def ran(lab):
    """Runs cells in a kernel whose folder is the lab; gives what each of them put out."""

    def run(*cells):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
        client = nbclient.NotebookClient(
            notebook, timeout=None, allow_errors=True, resources={"metadata": {"path": str(lab)}}
        )
        client.execute()
        return [cell.outputs for cell in notebook.cells]

    return run


def texts(outputs):
    """What is shown in place of each value: HTML where there is one."""
    shown = [each.data for each in outputs if each.output_type == "execute_result"]
    return [data.get("text/html", data["text/plain"]) for data in shown]


@pytest.mark.long
def test_a_kernel_shows_tables_and_progress(ran):
    """A plan, a standing and what apply came to, as tables; and one line of progress, written over."""
    _, planned, applied, stood, prompt = ran(
        LOAD, "e.plan()", "e.apply()", "e.status()", "print(repr(e.plan()))"
    )

    assert texts(planned)[0].startswith("<p><b>pair</b>: OutOfSync, Missing; 3 jobs: 3 wanted; buys 3 jobs")
    progress = "".join(each.text for each in applied if each.output_type == "stream")
    assert "3/3 jobs: 3 done" == progress.replace("\r", "\n").split("\n")[-2].rstrip()
    assert texts(applied)[0].startswith("<p><b>pair</b>: settled")
    assert 3 == texts(applied)[0].count("50/50")
    assert texts(stood)[0].startswith("<p>Synced, Healthy</p><p>all as wanted</p>")
    assert "<Plan of pair: Synced, Healthy; buys nothing>\n" == prompt[0].text


@pytest.mark.long
def test_an_interrupt_shows_two_frames_and_what_to_do(ran):
    """The cell and the call, not those of HTTP and threads; and applying again goes on."""
    _, interrupted, again = ran(LOAD, INTERRUPTED, "e.apply().is_complete")
    (error,) = (each for each in interrupted if each.output_type == "error")
    plain = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(error.traceback))

    assert ("KeyboardInterrupt", "interrupted; nothing is lost") == (error.ename, error.evalue[:28])
    assert ["api.py"] == [Path(each).name for each in re.findall(r"^File (.*?):\d", plain, re.MULTILINE)]
    assert ["True"] == texts(again)
