"""What one would write by hand over the official SDK: send a sweep, wait, write down what came back.

`python sdk_script.py URL EXPERIMENT.json RESULTS.json [ID_FILE]`; with ID_FILE the batch's id is kept there
and found again at the next start, as a careful author would.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

warnings.simplefilter("ignore")  # the SDK warns of its own age

from pasqal_cloud.authentication import TokenProvider  # noqa: E402
from pasqal_cloud.endpoints import Endpoints  # noqa: E402
from pasqal_cloud.pasqal_cloud_client import PasqalCloudClient  # noqa: E402


class Token(TokenProvider):
    """A token that nobody checks."""

    def get_token(self):
        """The token."""
        return "token"


def main(url, experiment, results, id_file=None):
    """Sends, waits, writes."""
    wanted = json.loads(Path(experiment).read_text(encoding="utf-8"))
    sdk = PasqalCloudClient(
        project_id=wanted["project_id"], token_provider=Token(), endpoints=Endpoints(core=url, account=url)
    )
    if id_file and Path(id_file).exists():
        batch = sdk.get_batch(Path(id_file).read_text(encoding="utf-8"))
    else:
        batch = sdk.create_batch(wanted["sequence"], jobs=wanted["jobs"], device_type=wanted["device_type"])
        if id_file:
            Path(id_file).write_text(batch.id, encoding="utf-8")
    while batch.status in {"PENDING", "RUNNING"}:
        time.sleep(0.2)
        batch.refresh()
    counts = {
        json.dumps(job.variables, sort_keys=True): job.result
        for job in batch.ordered_jobs
        if job.status == "DONE"
    }
    Path(results).write_text(json.dumps(counts), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
