"""Addresses of results: nobody can guess one, each ends at its time, and none of them has to be kept.

An address names its job and its end, and is signed with a secret of the result (HMAC-SHA256, 160 bits of it).
It is the same length as a random one of 256 bits, and means nothing to who receives it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import math
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# How long an address leads to its result, unless the configuration says otherwise.
LIFETIME = timedelta(minutes=15)

_NAMED = struct.Struct(">QI")
_SIGNATURE_BYTES = 20
# What a store can number its jobs with.
_LARGEST_ORDER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Link:
    """What an address says.

    Args:
        order: The job's number in the cloud.

        until_s: When the address ends (in s since 1970).

        signature: What only the cloud can have written.
    """

    order: int
    until_s: int
    signature: bytes


def issued(secret: str, order: int, until: datetime) -> str:
    """The address of a job's result, up to a time."""
    named = _NAMED.pack(order, math.ceil(until.timestamp()))
    return base64.urlsafe_b64encode(named + _signature(secret, named)).rstrip(b"=").decode()


def read(address: str) -> Link | None:
    """What an address says, true or not; None if it is none."""
    try:
        plain = base64.b64decode(address + "=" * (-len(address) % 4), altchars=b"-_", validate=True)
        order, until_s = _NAMED.unpack(plain[: _NAMED.size])
    except (ValueError, binascii.Error, struct.error):
        return None
    if order > _LARGEST_ORDER:
        return None
    return Link(order, until_s, plain[_NAMED.size :])


def is_good(link: Link, secret: str, now: datetime) -> bool:
    """Whether the cloud has issued this address, and it has not ended."""
    expected = _signature(secret, _NAMED.pack(link.order, link.until_s))
    is_ours = hmac.compare_digest(expected, link.signature)
    return is_ours and now < datetime.fromtimestamp(link.until_s, UTC)


def _signature(secret: str, named: bytes) -> bytes:
    return hmac.digest(secret.encode(), named, hashlib.sha256)[:_SIGNATURE_BYTES]
