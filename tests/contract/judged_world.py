"""What there is on the local cloud before two clients carry out an order."""

from __future__ import annotations

import time

from pulser import Pulse, Register, Sequence
from pulser.devices import AnalogDevice

VALUES = {"amplitude": 6.0, "duration": 400}


def a_sequence():
    """Two atoms under one pulse, parametrised."""
    parametrised = Sequence(Register.rectangle(1, 2, spacing=6.0, prefix="q"), AnalogDevice)
    parametrised.declare_channel("global", "rydberg_global")
    amplitude = parametrised.declare_variable("amplitude")
    duration = parametrised.declare_variable("duration", dtype=int)
    parametrised.add(Pulse.ConstantPulse(duration, amplitude, 0.0, 0.0), "global")
    return parametrised


def jobs(*runs):
    """Jobs with these numbers of runs."""
    return [{"runs": n, "variables": VALUES} for n in runs]


class World:
    """The local cloud, and what there is on it before an order.

    Batches wait, and their jobs stay pending: the first one on their device stays open.
    """

    def __init__(self, client, url):
        self.client, self.url = client, url
        self._many = None
        sequence = a_sequence()
        self.text = sequence.to_abstract_repr()
        self.built = [
            sequence.build(amplitude=amplitude, duration=400).to_abstract_repr() for amplitude in (1.0, 9.0)
        ]
        self.batch(5, open=True)
        self.done = self.batch(30, 40, device_type="EMU_FREE")["id"]

    def batch(self, *runs, **fields):
        """A new batch."""
        payload = {"sequence_builder": self.text, "jobs": jobs(*runs), "device_type": "FRESNEL"}
        return self.client.send_batch(payload | fields)

    def an_id(self, *runs, **fields):
        """Id of a new batch."""
        return self.batch(*runs, **fields)["id"]

    def finished(self):
        """Id of a batch whose two jobs are done."""
        deadline = time.monotonic() + 60
        while self.client.get_batch_status(self.done)["status"] != "DONE":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return self.done

    def job_ids(self, batch_id):
        """Ids of a batch's jobs."""
        return [job["id"] for job in self.client.get_batch_jobs(batch_id)]

    def many(self):
        """Id of a batch of more jobs than fit two pages."""
        if self._many is None:
            self._many = self.an_id(*range(1, 202))
        return self._many
