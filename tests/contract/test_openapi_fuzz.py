"""Schemathesis against a running local cloud: no failure, and no answer that its OpenAPI document has not.

The examples are the same in each run. `FUZZ_EXAMPLES=2000 pytest -m long tests/contract/test_openapi_fuzz.py`
draws other ones, up to so many for each operation.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from patience import PATIENCE_S

from runner.local.api.routes import CONTROL_ROUTES, ROUTES
from runner.local.server.launch import running

pytestmark = pytest.mark.skipif(
    find_spec("schemathesis") is None, reason="the extra test-long is not installed"
)

HERE = Path(__file__).parent
PROJECT, PAUSED = "33333333-0000-4000-8000-000000000000", "FRESNEL"
TOKENS = {"project": "project-0123456789", "control": "control-0123456789"}
CONFIGURATION = f"""\
[tokens]
"{PROJECT}" = "{TOKENS["project"]}"

[life_cycle]
paused_devices = ["{PAUSED}"]

[control]
enabled = true
token = "{TOKENS["control"]}"
"""
DOCUMENT = "/openapi.json"
EXAMPLES = os.environ.get("FUZZ_EXAMPLES")


@contextlib.contextmanager
def served(folder):
    """A server with a store of its own; it ends with the block."""
    config, store = folder / "lab.toml", folder / "store"
    config.write_text(CONFIGURATION, encoding="utf-8")
    words = [sys.executable, "-m", "runner.local", "--store", store, "--config", config]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + PATIENCE_S
            while (server := running(store)) is None:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield server
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def fuzzed(folder, who, n, *words):
    """What schemathesis says of a new server, and the file with every status it got."""
    reached = folder / "reached"
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])]),
        "SCHEMATHESIS_HOOKS": "fuzz_hooks",
        "FUZZ_PROJECT": PROJECT,
        "FUZZ_PAUSED": PAUSED,
        "FUZZ_REACHED": str(reached),
    }
    drawn = [] if EXAMPLES else ["--generation-deterministic"]
    with served(folder) as server:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml"),
                *("run", f"{server.url}{DOCUMENT}", "--no-color", "--continue-on-failure", *drawn),
                *("--max-examples", EXAMPLES or str(n), "-H", f"Authorization: Bearer {TOKENS[who]}", *words),
            ],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    return done, reached.read_text(encoding="utf-8").splitlines() if reached.exists() else []


def succeeding(routes):
    """Method and path of every call that can succeed; the document itself is read, but not asked again."""
    possible = [route for route in routes if route.data is not None]
    return {f"{route.method} {route.path}" for route in possible} - {f"GET {DOCUMENT}"}


@pytest.mark.long
@pytest.mark.seconds(40)
@pytest.mark.timeout(0 if EXAMPLES else 300)
@pytest.mark.parametrize(
    ("who", "n", "words", "routes"),
    [
        pytest.param("project", 50, ["--exclude-path-regex", "^/control/"], ROUTES, id="project"),
        pytest.param(
            "control",
            25,
            ["--include-path-regex", "^/control/", "--phases", "examples,coverage,fuzzing"],
            CONTROL_ROUTES,
            id="control",
        ),
    ],
)
def test_every_answer_is_one_of_the_document(tmp_path, who, n, words, routes):
    """Valid and invalid requests, alone and one after the other; and every call has also succeeded."""
    done, reached = fuzzed(tmp_path, who, n, *words)

    assert done.returncode == 0, done.stdout + done.stderr
    assert succeeding(routes) == {line[4:] for line in reached if line.startswith("2")}
