"""docs/local-cloud.md: its blocks run, in their order, on a server that was started as it says."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import commands
import pytest
from patience import PATIENCE_S
from pydantic import TypeAdapter

from runner.local.protocol.configuration import Configuration
from runner.local.protocol.faults import Rule

PAGE = Path(__file__).parents[2] / "docs" / "local-cloud.md"
FIRST_LINE = re.compile(r"the local cloud answers at (http://127\.0\.0\.1:\d+)\n")

# The SDK warns of its own age, and switches that warning on wherever it is imported.
pytestmark = pytest.mark.filterwarnings("ignore:SDK version:DeprecationWarning")


def blocks(language):
    """The page's blocks in a language, in their order."""
    pattern = rf"^```{language}\n(.*?)^```"
    return re.findall(pattern, PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """A server that was started on the command line with the page's first configuration."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "lab.toml").write_text(blocks("toml")[0], encoding="utf-8")
    process = commands.start(folder, "local", "serve", "--store", "store", "--config", "lab.toml")
    try:
        yield FIRST_LINE.fullmatch(process.stdout.readline()).group(1)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)


@pytest.mark.long
def test_clients_are_pointed_at_it_as_the_page_says(url):
    """The official SDK sees the devices, and Pulser's connection runs a sequence."""
    names = {}
    for block in blocks("python"):
        exec(compile(block.replace("http://127.0.0.1:8000", url), str(PAGE), "exec"), names)

    assert {"EMU_FREE", "FRESNEL"} <= set(names["names"])
    assert 100 == sum(names["counts"].values())


@pytest.mark.skipif(shutil.which("curl") is None or sys.platform == "win32", reason="needs curl and a shell")
def test_curl_is_answered_as_the_page_says(url):
    """Every command of it is a success; the first block is the start itself."""
    start, *asked = blocks("sh")
    answers = []
    for block in asked:
        done = subprocess.run(
            ["sh", "-e", "-c", block.replace("http://127.0.0.1:8000", url)],
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE_S,
        )
        answers += re.findall(r'\{"status":"(\w+)"', done.stdout)

    assert "runner local serve --port 8000\n" == start
    assert ["success"] * 5 == answers


def test_options_of_the_page_are_the_defaults():
    """The file that has every option is the same as none, and has them all."""
    value = tomllib.loads(blocks("toml")[1])
    default = json.loads(Configuration().model_dump_json())
    default["control"].pop("token")
    default.pop("faults")

    assert Configuration() == Configuration.model_validate(value)
    assert default == value


def test_faults_of_the_page_are_rules_and_none_is_left_out():
    """The example is valid, and the table has every effect."""
    example = Configuration.model_validate(tomllib.loads(blocks("toml")[2]))
    known = TypeAdapter(Rule).json_schema()["discriminator"]["mapping"]

    assert ["drop", "delay"] == [rule.effect for rule in example.faults]
    assert set(known) == set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
