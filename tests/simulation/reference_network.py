"""The way between a clone and the simulated cloud, and all that goes wrong on it."""

from __future__ import annotations

import json

LOST, GAVE_UP = "lost", "gave up"
_HTML = b"<html><body>Bad gateway</body></html>"
_JOBS = "/api/v2/jobs"


class LostError(Exception):
    """No answer comes back."""


class Line:
    """The line of one clone.

    Args:
        world: Where the cloud is.

        clone: Number of the clone.

        pause: Lets virtual time pass for the clone (in s).

        die: Ends the clone's process.
    """

    def __init__(self, world, clone, pause, die):
        self._world, self._clone, self._pause, self._die = world, clone, pause, die
        self._faults = {(e.on, e.number): e for e in world.schedule.events if _is_of(e, clone)}
        self._luck = world.schedule.luck("line", clone)
        self._numbers = {"change": 0, "read": 0, "jobs": 0}
        self.faults = 0

    def carry(self, request):
        """(status, headers, body): what comes back.

        Raises:
            LostError: Nothing does.
        """
        if self._world.agenda.now_s < min(self._world.trouble_until_s, self._world.calm_s):
            if self._world.trouble == "too many":
                return 429, {"Retry-After": "1"}, _HTML
            raise LostError("the network is down")
        if request.method != "GET":
            self._dawdle()
            return self._change(request)
        if request.path == "/api/v1/batches":
            self._dawdle()
        return self._read(request)

    def _dawdle(self):
        seconds = self._luck.choice([0.0, 0.0, 0.1, 0.4, 1.0])
        if seconds:
            self._pause(seconds)

    def _fault(self, on):
        number = self._numbers[on]
        self._numbers[on] = number + 1
        fault = None if self._world.is_calm else self._faults.get((on, number))
        self.faults += fault is not None
        if fault:
            self._world.tell(f"clone {fault.clone}: {fault.on} {number}: {fault.kind}")
        return fault

    def _answer(self, request):
        return self._world.http.answer(
            request.method, request.path, request.query, request.headers, request.body or b""
        )

    # Reads

    def _read(self, request):
        fault = self._fault("read")
        if fault:
            return _trouble(fault.kind)
        status, headers, body = self._answer(request)
        if request.path == _JOBS and status == 200:
            fault = self._fault("jobs")
            if fault:
                body = json.dumps(_mangled(json.loads(body), fault.kind)).encode()
        return status, headers, body

    # Changes

    def _change(self, request):
        fault = self._fault("change")
        if fault is None:
            return self._answer(request)
        if fault.kind in {"502 before", "429"}:
            return _trouble(fault.kind[:3])
        self._meet(request, fault)
        return self._come_back(request, fault, self._answer(request))

    def _meet(self, request, fault):
        """What happens to a change before the cloud has it."""
        match fault.kind:
            case "lost before":
                raise LostError("lost on its way")
            case "late" | "crash late":
                self._later(request, fault.delay_s)
                if fault.kind == "late":
                    raise LostError("given up")
                self._die()
            case "stall":
                self._pause(fault.delay_s)

    def _come_back(self, request, fault, answer):
        """What happens to a change once the cloud has it."""
        match fault.kind:
            case "lost after":
                raise LostError("the answer was lost")
            case "503 after" | "html":
                return _trouble(fault.kind[:4].strip())
            case "slow answer":
                self._pause(fault.delay_s)
            case "twice":
                self._again(request)
            case "twice later":
                delay_s = min(fault.delay_s, self._world.calm_s - self._world.agenda.now_s)
                self._world.agenda.after(max(delay_s, 0.0), lambda: self._again(request))
        return answer

    def _later(self, request, delay_s):
        delay_s = min(delay_s, self._world.calm_s - self._world.agenda.now_s)
        self._world.agenda.after(max(delay_s, 0.0), lambda: self._answer(request))

    def _again(self, request):
        """A proxy sends once more what was answered."""
        self._world.duplicating = self._clone
        try:
            self._answer(request)
        finally:
            self._world.duplicating = None


def _is_of(event, clone):
    return getattr(event, "on", None) is not None and event.clone == clone


def _trouble(kind):
    match kind:
        case "lost":
            raise LostError("no answer")
        case "html":
            return 200, {}, _HTML
        case "429":
            return 429, {"Retry-After": "1"}, _HTML
    return int(kind), {}, _HTML


def _mangled(said, kind):
    """A list of jobs as it must not be."""
    jobs = [dict(job) for job in said["data"]]
    match kind:
        case "short":
            jobs = jobs[:-1]
        case "empty":
            jobs = []
        case "other status":
            for job in jobs:
                job["status"] = {"PENDING": "DONE", "RUNNING": "PENDING", "DONE": "PENDING"}.get(
                    job["status"], "PENDING"
                )
        case "failed":
            for job in jobs:
                job["status"] = "ERROR"
        case "no variables":
            for job in jobs:
                job["variables"] = None
        case _:
            wrong = {"null runs": None, "negative runs": -20, "text runs": "many"}[kind]
            for job in jobs:
                job["runs"] = wrong
    n = len(jobs)
    pagination = said.get("pagination") or {}
    return said | {"data": jobs, "pagination": pagination | {"total": n, "end": n}}
