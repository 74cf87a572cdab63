"""Numbers of things in words. Pure."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """How many of something: 1 job, 2 jobs; 1 batch, 2 batches."""
    ending = "" if number == 1 else "es" if noun.endswith("ch") else "s"
    return f"{number} {noun}{ending}"


def grouped(number: int, noun: str) -> str:
    """The same with commas between thousands: 1,200 runs."""
    return f"{number:,} {counted(number, noun).partition(' ')[2]}"
