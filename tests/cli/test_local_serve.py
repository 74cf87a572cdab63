"""`runner local serve`: its options, and what it refuses."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from http.client import HTTPConnection
from urllib.parse import urlsplit

import commands
import pytest
from patience import PATIENCE_S

from runner.cli import main

TOKEN = "change-me-0123456789"


def said(capsys, *words):
    """Exit code, stdout and stderr of the verb, run in this process."""
    code = main(("local", "serve", *words))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_help_says_what_a_configuration_is_for(capsys):
    """In words of a user, with the page that has the details."""
    code, out, _ = said(capsys, "--help")

    assert 0 == code
    assert ["--config", "docs/local-cloud.md"] == [
        word for word in ("--config", "docs/local-cloud.md") if word in out
    ]


def test_other_machines_are_not_served_without_tokens(capsys, tmp_path):
    """It says so and what to do, and makes no store."""
    code, out, err = said(capsys, "--host", "0.0.0.0", "--store", str(tmp_path / "store"))

    assert (1, "", False) == (code, out, (tmp_path / "store").exists())
    assert "loopback only" in err
    assert "--config" in err


@pytest.mark.parametrize(
    ("text", "code", "word"),
    [("colour = 'red'", 1, "colour: Extra inputs"), (None, 64, "does not exist")],
    ids=["not valid", "not there"],
)
def test_wrong_file_is_told(capsys, tmp_path, text, code, word):
    """Before anything is served; a file that is not there is a wrong word of the call."""
    path = tmp_path / "lab.toml"
    if text is not None:
        path.write_text(text, encoding="utf-8")

    told = said(capsys, "--store", str(tmp_path / "store"), "--config", str(path))

    assert (code, "", True) == (told[0], told[1], word in told[2]), told


def test_options_that_contradict_each_other_are_a_usage_error(capsys, tmp_path):
    """Before anything is served."""
    store = tmp_path / "store"
    code, out, err = said(capsys, "--store", str(store), "--scheduler", "tcp://127.0.0.1:9")

    assert (64, "", False) == (code, out, store.exists())
    assert "--scheduler needs --engine dask." in err


def test_configuration_holds_for_what_is_served(tmp_path):
    """A file with a token asks for it, and the first lines do not promise otherwise."""
    (tmp_path / "lab.toml").write_text(f'tokens = {{mine = "{TOKEN}"}}', encoding="utf-8")
    process = commands.start(tmp_path, "local", "serve", "--store", "store", "--config", "lab.toml")
    try:
        lines = [process.stdout.readline() for _ in range(7)]
        address = urlsplit(re.search(r"http://\S+", lines[0]).group())
        connection = HTTPConnection(address.hostname, address.port, timeout=PATIENCE_S)
        statuses = []
        for headers in ({}, {"Authorization": f"Bearer {TOKEN}"}):
            connection.request("GET", "/api/v1/batches", headers=headers)
            answer = connection.getresponse()
            statuses.append((answer.status, bool(answer.read())))
        connection.close()
    finally:
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=PATIENCE_S)

    assert [(401, True), (200, True)] == statuses
    assert "unless lab.toml has tokens" in "".join(lines)
    assert TOKEN not in "".join([*lines, *rest])


@pytest.mark.parametrize("taken", ["", "server.lock", "server.json"])
def test_store_that_cannot_be_used_is_told(capsys, tmp_path, taken):
    """A file in place of the folder, or folders in place of its files: by name, and nothing is served."""
    store = tmp_path / "store"
    if taken:
        (store / taken).mkdir(parents=True)
    else:
        store.touch()

    done = subprocess.run(
        [sys.executable, "-m", "runner.local", "--store", str(store)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )

    assert (1, "", f"The store {store} cannot be used: ") == (
        done.returncode,
        done.stdout,
        done.stderr[: len(f"The store {store} cannot be used: ")],
    )
    assert "Traceback" not in done.stderr
