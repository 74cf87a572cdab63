"""The simulated cloud as it is asked and shown: routes, filters, pages, and views that lag behind the truth.

`PcsHttp.answer(method, path, query, headers, body)` gives (status, headers, body bytes). Every answer to a
change is the truth; what is read is how it once was, in each view by itself.
"""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

from pcs import RefusedError

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
_PAGE = 100
_ROUTES = (
    ("POST", r"/api/v1/batches", "create"),
    ("GET", r"/api/v1/batches", "list_batches"),
    ("PATCH", r"/api/v1/batches/cancel", "cancel_batches"),
    ("GET", r"/api/v2/batches/([^/]+)", "get_batch"),
    ("GET", r"/api/v1/batches/([^/]+)/status", "batch_status"),
    ("POST", r"/api/v2/batches/([^/]+)/jobs", "add"),
    ("PATCH", r"/api/v2/batches/([^/]+)/complete", "close"),
    ("PATCH", r"/api/v2/batches/([^/]+)/cancel", "cancel"),
    ("PATCH", r"/api/v2/batches/([^/]+)/cancel/jobs", "cancel_jobs"),
    ("POST", r"/api/v1/batches/([^/]+)/rebatch", "rebatch"),
    ("PATCH", r"/api/v1/batches/([^/]+)/tags", "set_tags"),
    ("GET", r"/api/v2/jobs", "list_jobs"),
    ("GET", r"/api/v2/jobs/([^/]+)", "get_job"),
    ("GET", r"/api/v1/jobs/([^/]+)/status", "job_status"),
    ("PATCH", r"/api/v2/jobs/([^/]+)/cancel", "cancel_job"),
    ("GET", r"/api/v1/jobs/([^/]+)/results_link", "results_link"),
    ("GET", r"/results/([^/]+)", "result"),
    ("GET", r"/api/v1/devices/specs", "specs"),
    ("GET", r"/api/v1/devices/specs/([^/]+)", "spec"),
    ("GET", r"/api/v1/devices/public-specs", "public_specs"),
    ("GET", r"/api/v1/devices", "devices"),
    ("GET", r"/account/api/v1/projects", "projects"),
)
_ROUTES = tuple((method, re.compile(path), name) for method, path, name in _ROUTES)
DEVICES = {"EMU_FREE": '{"name": "EMU_FREE"}', "FRESNEL": '{"name": "FRESNEL"}'}


class PcsHttp:
    """The cloud behind its API.

    Args:
        pcs: The truth.

        projects: Ids of the projects that the token sees.

        url: Where it stands; links to results begin so.
    """

    def __init__(self, pcs, projects, url="http://127.0.0.1:1"):
        self.pcs, self.nature, self._url = pcs, pcs.nature, url
        self._visible = frozenset(projects)
        self.date_off_s = 0.0  # how wrong the server's clock is
        self._seen_s, self._fractions, self._asked = {}, {}, 0
        self._lags = {}

    def answer(self, method, path, query=(), headers=None, body=b""):
        """(status, headers, body): what the cloud says, and does."""
        self._asked += 1
        self._lags = {}
        said_headers = {"Date": format_datetime(self._moment(self.pcs.now_s), usegmt=True)}
        try:
            data, pagination = self._routed(method, path, query, body_of(headers or {}, body))
        except RefusedError as refused:
            return refused.status, said_headers, json.dumps(self._envelope_of(refused)).encode()
        if path.startswith("/results/"):
            return 200, said_headers, json.dumps(data).encode()
        envelope = {"status": "success", "message": "OK.", "code": self._code(200), "data": data}
        if pagination:
            envelope["pagination"] = pagination
        return 200, said_headers, json.dumps(envelope).encode()

    def _routed(self, method, path, query, body):
        for verb, pattern, name in _ROUTES:
            found = pattern.fullmatch(path) if verb == method else None
            if found and not (name == "get_batch" and found[1] == "cancel"):
                said = getattr(self, f"_{name}")(*found.groups(), query=query, body=body)
                return said if isinstance(said, tuple) else (said, None)
        raise RefusedError(404, f"no such route: {method} {path}")

    def _envelope_of(self, refused):
        description = [{"loc": ["body"], "msg": refused.why, "type": "value_error"}]
        data = {"description": description} if refused.status == 422 else None
        return {"status": "fail", "message": refused.why, "code": self._code(refused.status), "data": data}

    def _code(self, status):
        return str(status) if self.nature.codes == "text" else status

    # Changes

    def _create(self, *, query, body):
        if body.get("project_id") not in self._visible:
            raise RefusedError(403, "not a project of yours")
        return self._changed(self.pcs.create(body))

    def _add(self, batch_id, *, query, body):
        return self._changed(self.pcs.add(self._mine(batch_id), body))

    def _close(self, batch_id, *, query, body):
        return self._batch(self.pcs.close(self._mine(batch_id)).now)

    def _cancel(self, batch_id, *, query, body):
        return self._changed(self.pcs.cancel(self._mine(batch_id)))

    def _cancel_batches(self, *, query, body):
        batches, errors = [], {}
        for batch_id in body["batch_ids"]:
            try:
                batches.append(self._batch(self.pcs.cancel(self._mine(batch_id)).now))
            except RefusedError as refused:
                errors[batch_id] = refused.why
        return {"batches": batches, "errors": errors}

    def _cancel_jobs(self, batch_id, *, query, body):
        jobs, errors = [], {}
        for job in self.pcs.jobs_of(self._mine(batch_id)):
            if _fits(job, query, {"id", "status"}):
                try:
                    jobs.append(self._job(self.pcs.cancel_job(job["id"]).now))
                except RefusedError as refused:
                    errors[job["id"]] = refused.why
        return {"jobs": jobs, "errors": errors}

    def _rebatch(self, batch_id, *, query, body):
        jobs = self.pcs.jobs_of(self._mine(batch_id))
        chosen = {job["id"] for job in jobs if _fits(job, query, {"id", "status"})}
        return self._changed(self.pcs.rebatch(batch_id, chosen))

    def _set_tags(self, batch_id, *, query, body):
        return self._batch(self.pcs.set_tags(self._mine(batch_id), body).now)

    def _cancel_job(self, job_id, *, query, body):
        return self._job(self.pcs.cancel_job(job_id).now, with_sequence=True)

    def _mine(self, batch_id):
        batch = self.pcs.batches.get(batch_id)
        if batch is None or batch.now["project_id"] not in self._visible:
            raise RefusedError(404, f"no batch {batch_id}")
        return batch_id

    def _changed(self, batch):
        jobs = [self._job(job) for job in self.pcs.jobs_of(batch.now["id"])]
        return self._batch(batch.now) | {"jobs": jobs}

    # Reads

    def _list_batches(self, *, query, body):
        shown = []
        for batch in reversed(self.pcs.batches.values()):
            item = self._shown_batch(batch)
            if item is not None and self._is_listed(item, batch, query):
                shown.append(item)
        return self._page(shown, query)

    def _shown_batch(self, batch):
        """A batch as it stands in lists: each of its parts as its view knows it."""
        base = self._as_of("batches", batch)
        if base is None or base["project_id"] not in self._visible or self._is_purged(batch, "batches"):
            return None
        said = self._as_of("statuses", batch) or batch.first()
        tags = (self._as_of("tags", batch) or batch.first())["tags"]
        status = {name: said[name] for name in ("status", "open", "started_s", "ended_s")}
        item = self._batch(base | status | {"tags": tags})
        del item["sequence_builder"]
        return item | self._counts(batch, "counts")

    def _counts(self, batch, view):
        statuses = [job["status"] for job in self._shown_jobs(batch, view)]
        counts = {"jobs_count": len(statuses)}
        if self.nature.has_status_counts:
            counts["jobs_count_per_status"] = {each: statuses.count(each) for each in statuses}
        return counts

    def _shown_jobs(self, batch, view):
        ids = [each for each in batch.job_ids if view != "jobs" or not self._is_hidden(each)]
        shown = [self._as_of(view, self.pcs.jobs[job_id]) for job_id in ids]
        return [job for job in shown if job is not None]

    def _is_hidden(self, job_id):
        share = self.nature.hiding
        return bool(share) and self.pcs.luck("hidden", job_id).random() < share

    def _is_listed(self, item, batch, query):
        if not self._is_in_time(batch.now, query):
            return False
        tags = [value for name, value in query if name == "tag"]
        is_tagged = not tags or any(tag in (item["tags"] or ()) for tag in tags)
        wanted = {"id", "project_id", "user_id", "device_type", "status", "open"}
        return is_tagged and _fits(item, query, wanted)

    def _is_in_time(self, fields, query):
        if self.nature.dates == "nothing":
            return True
        at_s = fields["created_s" if self.nature.dates == "creation" else "started_s"]
        for name, value in query:
            if name in {"start_date", "end_date"}:
                said = datetime.fromisoformat(value)
                bound = said if said.tzinfo else said.replace(tzinfo=UTC)
                if at_s is None or (self._moment(at_s) < bound) is (name == "start_date"):
                    return False
        return True

    def _get_batch(self, batch_id, *, query, body):
        batch = self.pcs.batches[self._mine(batch_id)]
        fields = self._single(batch)
        if self._is_purged(batch, "batches"):
            raise RefusedError(404, f"no batch {batch_id}")
        jobs = self._shown_jobs(batch, "single")
        return self._batch(fields) | self._counts(batch, "single") | {"job_ids": [job["id"] for job in jobs]}

    def _single(self, kept):
        fields = self._as_of("single", kept)
        if fields is None and self.nature.is_missing_single:
            raise RefusedError(404, "no such object")
        return fields or kept.first()

    def _batch_status(self, batch_id, *, query, body):
        batch = self.pcs.batches[self._mine(batch_id)]
        fields = self._as_of("statuses", batch) or batch.first()
        return {"status": fields["status"], **self._counts(batch, "counts")}

    def _list_jobs(self, *, query, body):
        chosen = [value for name, value in query if name == "batch_id"]
        batches = [self.pcs.batches[each] for each in chosen or self.pcs.batches if each in self.pcs.batches]
        shown = []
        for batch in batches:
            if batch.now["project_id"] in self._visible and not self._is_purged(batch, "jobs"):
                shown += [
                    self._listed_job(self.pcs.jobs[job["id"]], job) for job in self._shown_jobs(batch, "jobs")
                ]
        names = {"id", "project_id", "user_id", "batch_id", "status"}
        return self._page([job for job in self._in_order(shown, query) if _fits(job, query, names)], query)

    def _listed_job(self, kept, fields):
        said = self._as_of("statuses", kept) or kept.first()
        return self._job(fields | {name: said[name] for name in ("status", "started_s", "ended_s", "errors")})

    def _in_order(self, jobs, query):
        asked = dict(query)
        if asked.get("order_by") == "creation_order":
            is_down = asked.get("order_by_direction", "ASC") == "DESC"
            return sorted(jobs, key=lambda job: job["creation_order"], reverse=is_down)
        if self.nature.order == "any":
            jobs = sorted(jobs, key=lambda job: job["id"])
            self.pcs.luck("order", self._asked).shuffle(jobs)
        return jobs[::-1] if self.nature.order == "newest" else jobs

    def _get_job(self, job_id, *, query, body):
        return self._job(self._single(self._known_job(job_id)), with_sequence=True)

    def _job_status(self, job_id, *, query, body):
        job = self._known_job(job_id)
        return {"status": (self._as_of("statuses", job) or job.first())["status"]}

    def _known_job(self, job_id):
        job = self.pcs.jobs.get(job_id)
        is_there = job is not None and job.now["project_id"] in self._visible
        if not is_there or self._is_purged(self.pcs.batches[job.now["batch_id"]], "jobs"):
            raise RefusedError(404, f"no job {job_id}")
        return job

    def _results_link(self, job_id, *, query, body):
        job = self._as_of("results", self._known_job(job_id)) or {}
        is_there = job.get("status") == "DONE"
        return {"results_link": f"{self._url}/results/{job_id}" if is_there else None}

    def _result(self, job_id, *, query, body):
        job, luck = self._known_job(job_id).now, self.pcs.luck("result", job_id)
        right = counts_of(job, luck)
        if not self.pcs.is_calm and luck.random() < self.nature.dead_links:
            raise RefusedError(404, "the link is dead")
        if not self.pcs.is_calm and luck.random() < self.nature.wrong_results:
            return {"counter": luck.choice(_wrong(right, job["runs"])), "raw": []}
        return {"counter": right, "raw": []}

    # Things beside

    def _specs(self, *, query, body):
        return DEVICES

    def _spec(self, device_type, *, query, body):
        if device_type not in DEVICES:
            raise RefusedError(404, f"no device {device_type}")
        return {device_type: DEVICES[device_type]}

    def _public_specs(self, *, query, body):
        return [{"device_type": name, "specs": specs} for name, specs in DEVICES.items()]

    def _devices(self, *, query, body):
        return [{"status": "UP", "availability": "ACTIVE"}]

    def _projects(self, *, query, body):
        return [{"id": each, "name": each, "status": "ACTIVE"} for each in sorted(self._visible)]

    # How it is shown

    def _as_of(self, view, kept):
        """How a batch or job is in a view, now; None if the view does not know it yet."""
        lag = self.nature.lags.get(view)
        return kept.now if lag is None else kept.as_of(self._looked_at_s(view, lag, kept))

    def _looked_at_s(self, view, lag, kept):
        if lag.kind == "objects":
            key = (view, kept.now["id"])
            if key not in self._fractions:
                self._fractions[key] = self.pcs.luck("lag", *key).choice([0.0, 0.5, 1.0])
            return self.pcs.now_s - lag.most_s * self._fractions[key]
        if view not in self._lags:
            fraction = self.pcs.luck("lag", view, self._asked).choice([0.0, 0.3, 0.7, 1.0])
            at_s = self.pcs.now_s - lag.most_s * fraction
            if lag.kind == "monotone":
                at_s = self._seen_s[view] = max(at_s, self._seen_s.get(view, at_s))
            self._lags[view] = at_s
        return self._lags[view]

    def _is_purged(self, batch, what):
        ended_s = batch.now["ended_s"]
        forgotten = {"nothing": (), "jobs": ("jobs",), "batches": ("jobs", "batches")}[self.nature.purge]
        return what in forgotten and ended_s is not None and self.pcs.now_s > ended_s + self.nature.purge_s

    def _batch(self, fields):
        item = {name: fields[name] for name in _BATCH_FIELDS}
        item |= {
            "complete": not fields["open"],
            "created_at": self._stamp(fields["created_s"]),
            "updated_at": self._stamp(fields["ended_s"] or fields["started_s"] or fields["created_s"]),
            "start_datetime": self._stamp(fields["started_s"]),
            "end_datetime": self._stamp(fields["ended_s"]),
            "device_status": None,
            "webhook": None,
        }
        return item | ({"queue": {"position": 3}, "priority": None} if self.nature.has_extras else {})

    def _job(self, fields, *, with_sequence=False):
        item = {name: fields[name] for name in _JOB_FIELDS}
        item |= {
            "created_at": self._stamp(fields["created_s"]),
            "updated_at": self._stamp(fields["ended_s"] or fields["started_s"] or fields["created_s"]),
            "start_timestamp": self._stamp(fields["started_s"]),
            "end_timestamp": self._stamp(fields["ended_s"]),
            "creation_order": int(fields["id"][1:]),
        }
        if item["variables"] is None:
            item["variables"] = self.nature.no_variables
        if self.nature.forgets_runs and fields["status"] in {"DONE", "ERROR", "CANCELED"}:
            item["runs"] = None
        if with_sequence:
            shared = self.pcs.batches[fields["batch_id"]].now["sequence_builder"]
            item["sequence"] = fields["sequence"] or (shared if self.nature.says_shared else None)
        return item | ({"estimate_s": 12.5} if self.nature.has_extras else {})

    def _stamp(self, at_s):
        if at_s is None:
            return None
        moment, zone = self._moment(at_s), self.nature.zone
        if zone == "+02:00":
            return moment.astimezone(timezone(timedelta(hours=2))).isoformat()
        return moment.replace(tzinfo=None).isoformat() + zone

    def _moment(self, at_s):
        return START + timedelta(seconds=at_s + self.date_off_s)

    def _page(self, items, query):
        asked = dict(query)
        first, limit = int(asked.get("offset", 0)), int(asked.get("limit", _PAGE))
        if first < 0 or not 1 <= limit <= _PAGE:
            raise RefusedError(422, "no such page")
        part = items[first : first + limit]
        return part, {"total": len(items), "start": first, "end": first + len(part)}


_BATCH_FIELDS = (
    "id",
    "project_id",
    "user_id",
    "open",
    "status",
    "device_type",
    "sequence_builder",
    "tags",
    "backend_configuration",
    "configuration",
    "parent_id",
)
_JOB_FIELDS = ("id", "batch_id", "project_id", "status", "runs", "variables", "errors", "parent_id")


def counts_of(job, luck):
    """What a job measures: bitstring counts of the qubits of its sequence that add up to its runs."""
    ones = luck.randrange(job["runs"] + 1)
    counts = {"0": job["runs"] - ones, "1": ones}
    return {bits: n for bits, n in counts.items() if n}


def _wrong(right, runs):
    """Results that cannot be right."""
    return [{"00": str(runs)}, {"0": 10.5}, {"0": -5, "1": runs + 5}, {"0": runs * 15}, {"2": runs}, {}, None]


def _fits(item, query, names):
    """Whether filters take an item: repeated names mean one of, different ones and."""
    asked = {}
    for name, value in query:
        if name in names:
            asked.setdefault(name, set()).add(value)
    return all(_text(item.get(name)) in values for name, values in asked.items())


def _text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def body_of(headers, body):
    """What a request carries, compressed or not."""
    if not body:
        return {}
    if {name.lower(): value for name, value in headers.items()}.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    return json.loads(body)
