"""Finding, starting and ending servers."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from patience import PATIENCE_S

from runner.errors import LocalCloudError
from runner.local.server import launch
from runner.local.server.launch import LocalServer, ensure_running, running
from runner.local.server.server import ServerSettings, serve


@pytest.fixture
def folder(tmp_path):
    """A store whose server, if there is one at the end, is ended."""
    store = tmp_path / "store"
    yield store
    found = running(store)
    if found is not None:
        end(found.pid)


def is_alive(pid):
    """Whether there is such a process, and it has not ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, check=False).stdout
    return bool(state) and not state.startswith(b"Z")


def until(condition):
    """Wait for a condition, not for a time."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def end(pid, number=signal.SIGTERM):
    """End a process and wait for its end."""
    os.kill(pid, number)
    until(lambda: not is_alive(pid))


def asked(url, path, token):
    """Status and JSON of an answer."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_S)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def session_of(pid):
    """The processes that were started by a server: they are in its session."""
    found = subprocess.run(["ps", "-o", "pid=", "-s", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in found.stdout.split() if is_alive(int(word))]


def test_second_caller_joins_the_server_that_runs(folder):
    """There is one server a store, and everybody finds it."""
    first = ensure_running(folder)

    assert (first, first) == (ensure_running(folder), running(folder))


def test_callers_at_the_same_moment_get_one_server(folder):
    """Whoever comes second uses the server of the first."""
    with ThreadPoolExecutor(4) as pool:
        found = {pool.submit(ensure_running, folder).result for _ in range(4)}
        servers = {result(PATIENCE_S) for result in found}

    assert len(servers) == 1


def test_stores_have_servers_of_their_own(folder, tmp_path):
    """Another store is another cloud."""
    other = tmp_path / "other"
    one, two = ensure_running(folder), ensure_running(other)
    end(two.pid)

    assert one.url != two.url


def test_file_of_a_dead_server_is_not_believed(folder):
    """An address that was left by a killed server leads to a new one."""
    killed = ensure_running(folder)
    end(killed.pid, signal.SIGKILL)
    left = (folder / launch.ADDRESS_FILE).exists()
    absent = running(folder)

    assert (left, absent) == (True, None)
    assert killed.pid != ensure_running(folder).pid


def test_address_that_another_store_has_now_is_not_believed(folder, tmp_path):
    """A port that was taken over by the server of another store is not ours."""
    other = tmp_path / "other"
    found = ensure_running(folder)
    other.mkdir()
    (other / launch.ADDRESS_FILE).write_text(json.dumps({"url": found.url, "pid": found.pid}))

    assert None is running(other)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": 1}', '{"url": "file:///", "pid": 1}'])
def test_file_that_makes_no_sense_is_not_believed(tmp_path, text):
    """A broken address file is no server, and no failure."""
    (tmp_path / launch.ADDRESS_FILE).write_text(text)

    assert None is running(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_signal_ends_a_server_and_all_it_started(folder, number):
    """Nothing of a server is left after its end: no process, no address."""
    server = ensure_running(folder)
    until(lambda: len(session_of(server.pid)) > 3)  # with a worker

    end(server.pid, number)
    until(lambda: not session_of(server.pid))

    assert not (folder / launch.ADDRESS_FILE).exists()
    assert (folder / launch.LOG_FILE).read_text() == ""


def test_workers_do_not_outlive_a_killed_server(folder):
    """A server that could not say goodbye takes its workers with it."""
    server = ensure_running(folder)
    until(lambda: len(session_of(server.pid)) > 3)  # with a worker

    end(server.pid, signal.SIGKILL)
    until(lambda: not session_of(server.pid))

    assert None is running(folder)


def test_idle_server_ends_by_itself(folder):
    """A server that nobody asks for anything, and that has nothing to run, leaves."""
    server = ensure_running(folder, idle_exit_s=0.3)

    until(lambda: not is_alive(server.pid))

    assert None is running(folder)


def test_address_is_private_and_says_since_when(folder):
    """Only the user reads where the server is; the folder is theirs too."""
    server = ensure_running(folder)
    file = folder / launch.ADDRESS_FILE

    said = json.loads(file.read_text())
    assert (server.url, server.pid, None) == (said["url"], said["pid"], said["token"])
    assert {"url", "pid", "started_at", "instance", "token"} == said.keys()
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(folder.stat().st_mode)) == (0o600, 0o700)


def test_a_private_server_takes_calls_only_of_who_can_read_its_store(folder):
    """Others are not even told where its store is; it is found all the same."""
    server = ensure_running(folder, is_private=True)
    statuses = [
        asked(server.url, "/api/v1/batches", token)[0] for token in (None, "any", "x" * 43, server.token)
    ]
    told = [asked(server.url, "/health", token)[1].keys() for token in (None, server.token)]

    assert (server, [401, 401, 401, 200]) == (running(folder), statuses)
    assert [{"version", "instance"}, {"version", "instance", "store", "pid"}] == told
    assert server.token not in repr(server)


def test_server_that_does_not_start_says_why(folder):
    """The end of the log is in the error, with the place of the whole one."""
    folder.mkdir()
    (folder / "cloud.db").write_text("this is no database, whatever its name says")

    with pytest.raises(LocalCloudError, match="file is not a database") as error:
        ensure_running(folder)

    assert str(folder / launch.LOG_FILE) in error.value.hint


def test_second_server_of_a_store_gives_way(folder):
    """A process that is started on a store that is served ends with a code of its own."""
    ensure_running(folder)

    done = subprocess.run(
        [sys.executable, "-m", "runner.local", "--store", str(folder)],
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (launch.STORE_TAKEN, b"", b"")


@pytest.mark.parametrize("host", ["0.0.0.0", "example.org", ""])
def test_server_listens_on_loopback_only(tmp_path, host):
    """As long as there are no tokens nobody else may reach a server."""
    with pytest.raises(LocalCloudError, match="loopback only"):
        serve(ServerSettings(store=tmp_path / "store", host=host))

    assert not (tmp_path / "store").exists()


def test_joining_imports_nothing_heavy():
    """A command that only joins a server pays neither for Pulser nor for a web server."""
    heavy = {"pulser", "uvicorn", "pydantic", "numpy", "asyncio", "sqlite3"}
    script = f"import sys, runner.local.server.launch; print({heavy!r} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"


def test_server_is_found_on_its_own_url(folder):
    """The server that was started is the one that its address leads to."""
    server = ensure_running(folder)

    assert LocalServer(url=server.url, pid=server.pid) == running(folder)
    assert is_alive(server.pid)
