"""A server on loopback that answers like PCS, from prepared answers: cheap, and as slow as it is told.

As a process of its own, `python canned_cloud.py LATENCY_S [LISTING]`, it writes its URL and lives until its
standard input ends; LISTING is a file with the ids and tags of the batches that it lists, as JSON. The id of
a batch says what it is: `jobs-10000` has so many jobs, `ends-3.5-…` ends so many seconds after it was closed.
`GET /requests` says how many requests came since that was last asked.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

PAGE_SIZE = 100
_PROJECT = "22222222-0000-4000-8000-000000000000"
_MOMENT = "2026-01-01T00:00:00.000000+00:00"
_RUNS = 500
_BITSTRINGS = 50


def job_id(number: int) -> str:
    """The id of a job, as long as one of the cloud."""
    return f"{number:08x}-1111-4000-8000-000000000000"


def batch_with_jobs(batch_id: str) -> dict:
    """A batch as the answers to adding and cancelling embed its jobs."""
    return _batch(batch_id) | {"jobs": [_job(batch_id, number) for number in range(_size(batch_id))]}


def _size(batch_id: str) -> int:
    kind, number, *_ = batch_id.split("-")
    return int(number) if kind == "jobs" else 1


def _batch(batch_id: str, status: str = "DONE", tags: tuple[str, ...] = ("benchmark",)) -> dict:
    return {
        "id": batch_id,
        "user_id": "auth0|5f0000000000000000000000",
        "project_id": _PROJECT,
        "created_at": _MOMENT,
        "updated_at": _MOMENT,
        "open": False,
        "complete": True,
        "device_type": "EMU_FREE",
        "status": status,
        "sequence_builder": "{}",
        "jobs_count": _size(batch_id),
        "jobs_count_per_status": {status: _size(batch_id)},
        "start_datetime": _MOMENT,
        "end_datetime": _MOMENT,
        "tags": list(tags),
        "configuration": None,
    }


def _job(batch_id: str, number: int) -> dict:
    return {
        "id": job_id(number),
        "batch_id": batch_id,
        "project_id": _PROJECT,
        "status": "DONE",
        "runs": _RUNS,
        "variables": {"omega_max": 6.28 + number / 1e4, "t_sweep_ns": 400 + number},
        "created_at": _MOMENT,
        "updated_at": _MOMENT,
        "errors": [],
        "start_timestamp": _MOMENT,
        "end_timestamp": _MOMENT,
        "parent_id": None,
        "creation_order": number,
    }


def _envelope(data: object, **more: object) -> bytes:
    return json.dumps({"status": "success", "message": "OK.", "code": "200", "data": data, **more}).encode()


@cache
def _whole_batch(batch_id: str) -> bytes:
    return _envelope(_batch(batch_id) | {"job_ids": [job_id(n) for n in range(_size(batch_id))]})


@cache
def _embedding_batch(batch_id: str) -> bytes:
    return _envelope(batch_with_jobs(batch_id))


@cache
def _page(batch_id: str, offset: int) -> bytes:
    total = _size(batch_id)
    end = min(offset + PAGE_SIZE, total)
    jobs = [_job(batch_id, number) for number in range(offset, end)]
    return _envelope(jobs, pagination={"total": total, "start": offset, "end": end})


@cache
def _result() -> bytes:
    bitstrings = [f"{number * 37 % 512:09b}" for number in range(_BITSTRINGS)]
    counter = dict.fromkeys(bitstrings, _RUNS // _BITSTRINGS)
    return json.dumps({"counter": counter, "raw": bitstrings * (_RUNS // _BITSTRINGS)}).encode()


class CannedCloud:
    """What is answered to a method and a target.

    Args:
        url: Where the server is, for links to results.

        listing: Id and tags of each batch that it lists.
    """

    def __init__(self, url: str, listing: list[tuple[str, list[str]]]) -> None:
        self._url = url
        self._listed = [_batch(batch_id, tags=tuple(tags)) for batch_id, tags in listing]
        self._pages: dict[int, bytes] = {}
        self._closed_at: dict[str, float] = {}
        self._requests = 0

    def answer(self, method: str, target: str) -> bytes:
        """The body of the answer."""
        path, _, query = target.partition("?")
        if path == "/requests":
            asked, self._requests = self._requests, 0
            return json.dumps(asked).encode()
        self._requests += 1
        if path.startswith("/results/"):
            return _result()
        if path == "/api/v2/jobs":
            given = parse_qs(query)
            return _page(given["batch_id"][0], int(given.get("offset", ["0"])[0]))
        if path == "/api/v1/batches":
            return self._page_of_list(int(parse_qs(query).get("offset", ["0"])[0]))
        return self._of_one(method, path.split("/")[4], path.rpartition("/")[2])

    def _page_of_list(self, offset: int) -> bytes:
        if offset not in self._pages:
            page = self._listed[offset : offset + PAGE_SIZE]
            place = {"total": len(self._listed), "start": offset, "end": offset + len(page)}
            self._pages[offset] = _envelope(page, pagination=place)
        return self._pages[offset]

    def _of_one(self, method: str, name: str, last: str) -> bytes:
        """The answer on one batch or job; `last` is the last word of the path."""
        if last == "results_link":
            return _envelope({"results_link": f"{self._url}/results/{name}?signature={'s' * 200}"})
        if last == "status":
            status = self._status(name)
            return _envelope({"status": status, "jobs_count_per_status": {status: 1}})
        if last == "complete":
            self._closed_at[name] = time.monotonic()
            return _envelope(_batch(name, "RUNNING"))
        return _embedding_batch(name) if method == "PATCH" else _whole_batch(name)

    def _status(self, batch_id: str) -> str:
        ends_at = self._closed_at[batch_id] + float(batch_id.split("-")[1])
        return "DONE" if time.monotonic() >= ends_at else "RUNNING"


class _Connection(asyncio.Protocol):
    """Reads one request after the other and answers each after the latency."""

    def __init__(self, cloud: CannedCloud, latency_s: float) -> None:
        self._cloud = cloud
        self._latency_s = latency_s
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, end, rest = self._heard.partition(b"\r\n\r\n")
        if not end or len(rest) < _content_length(head):
            return
        self._heard = b""
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        body = self._cloud.answer(method, target)
        said = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        asyncio.get_running_loop().call_later(self._latency_s, self._transport.write, said + body)


def _content_length(head: bytes) -> int:
    _, found, value = head.lower().partition(b"\r\ncontent-length:")
    return int(value.split(b"\r\n", 1)[0]) if found else 0


async def _serve(latency_s: float, listing: list[tuple[str, list[str]]]) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(cloud, latency_s), "127.0.0.1", 0, backlog=1024)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    cloud = CannedCloud(url, listing)
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    batches = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")) if len(sys.argv) > 2 else []
    asyncio.run(_serve(float(sys.argv[1]), batches))
