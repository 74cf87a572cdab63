"""What one would write by hand over Pulser's `open_batch`: propose, buy a job, wait, score it, and again.

`python pulser_loop.py URL PROJECT_ID SEQUENCE.json ITERATIONS`
"""

from __future__ import annotations

import random
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")  # the SDK warns of its own age

import pulser  # noqa: E402
from pasqal_cloud import PasqalCloudConnection, RemoteEmuFreeBackend  # noqa: E402
from pasqal_cloud.endpoints import Endpoints  # noqa: E402
from sdk_script import Token  # noqa: E402


def main(url, project_id, sequence, iterations):
    """Climbs from the best amplitude so far by random steps."""
    connection = PasqalCloudConnection(
        project_id=project_id, token_provider=Token(), endpoints=Endpoints(core=url, account=url)
    )
    wanted = pulser.Sequence.from_abstract_repr(Path(sequence).read_text(encoding="utf-8"))
    backend = RemoteEmuFreeBackend(wanted, connection=connection)
    steps, best, place = random.Random(7), -1.0, 5.0
    with backend.open_batch():
        for _ in range(int(iterations)):
            omega = min(max(place + steps.gauss(0, 1), 1.0), 10.0)
            remote = backend.run(job_params=[{"runs": 50, "variables": {"omega": omega}}], wait=True)
            score = remote.results[0].bitstring_counts.get("1", 0) / 50
            if score > best:
                best, place = score, omega


if __name__ == "__main__":
    main(*sys.argv[1:])
