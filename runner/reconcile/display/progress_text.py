"""Progress in words: a display of lines that fit a terminal, and one line for a log. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size

from runner.reconcile.display.rate import jobs_per_min, left_s

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runner.reconcile.display.progress import Numbers, Part, Progress

_MINUTE_S: Final = 60
# Of experiments, at most so many have a line of their own.
_MOST: Final = 8
_TEN: Final = 10
_BAR: Final = 20
_NARROW: Final = 60
_LONGEST_NAME: Final = 32
_ID: Final = 8


@dataclass(frozen=True, slots=True)
class Area:
    """Where lines have to fit (in cells)."""

    width: int
    height: int


def numbers_text(numbers: Numbers) -> str:
    """How many jobs are how far; what is 0 is left out."""
    named = {
        "wanted": numbers.wanted,
        "pending": numbers.pending,
        "running": numbers.running,
        "done": numbers.done,
        "failed": numbers.failed,
        "cancelled": numbers.cancelled,
    }
    return ", ".join(f"{count} {name}" for name, count in named.items() if count)


def log_line(progress: Progress) -> str:
    """Everything in one line, without control characters; ids in full, for whoever searches for them."""
    numbers = progress.numbers
    return "; ".join([f"{_share(numbers)} jobs: {numbers_text(numbers)}", *_facts(progress, id_length=None)])


def display(progress: Progress, spent_s: float, room: Area, *, is_ascii: bool = False) -> list[str]:
    """A line for each experiment of interest, one for the others, and the whole, as wide as the room at most.

    Args:
        spent_s: How long it has taken so far (in s).

        is_ascii: Whether the terminal has no other characters.
    """
    whole = [
        f"{_share(progress.numbers)} jobs",
        *([numbers_text(progress.numbers)] if len(progress.parts) > 1 else ()),
        *_facts(progress, id_length=_ID),
        f"{duration_text(spent_s)} so far",
    ]
    below = list(_filled(whole, room.width))
    most = max(1, min(_MOST, room.height - len(below) - 2))
    lines = [*_experiments(progress, most, room.width, is_ascii=is_ascii), *below]
    return [_as_ascii(line) if is_ascii else line for line in lines]


def duration_text(seconds: float | None) -> str:
    """A duration for people: 42 s, 3 min, 2 h 05 min; – for one that nobody knows."""
    if seconds is None:
        return "–"
    if round(seconds) < _MINUTE_S:
        return f"{round(seconds)} s"
    hours, minutes = divmod(round(seconds / _MINUTE_S), _MINUTE_S)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def _facts(progress: Progress, id_length: int | None) -> Iterator[str]:
    """What else is known beside the numbers of jobs."""
    yield from progress.loops
    if progress.cached:
        yield f"{len(progress.cached)} cached"
    if progress.adopted:
        yield f"{len(progress.adopted)} adopted"
    if progress.numbers.left:
        rate = jobs_per_min(progress)
        yield f"{'–' if rate is None else rate_text(rate)} jobs/min"
        yield f"{duration_text(left_s(progress))} left"
    if progress.batches:
        yield _batches_text(progress.batches, id_length)
    if progress.told:
        more = f" (and {len(progress.told) - 1} more)" if len(progress.told) > 1 else ""
        yield f"the cloud says: {progress.told[0]}{more}"


def rate_text(rate: float) -> str:
    """A rate with no more digits than it deserves."""
    digits = 2 if rate < 1 else 1 if round(rate, 1) < _TEN else 0
    return f"{rate:.{digits}g}" if rate < 1 else f"{rate:.{digits}f}"


def _batches_text(batches: Sequence[str], id_length: int | None) -> str:
    more = f" and {len(batches) - 1} more" if len(batches) > 1 else ""
    return f"batch {batches[0][:id_length]}{more}"


def _share(numbers: Numbers) -> str:
    return f"{numbers.ended}/{numbers.jobs}"


# Experiments


def _experiments(progress: Progress, most: int, width: int, *, is_ascii: bool) -> Iterator[str]:
    """Lines of those that run or changed last, in the order of the files, and one of the others."""
    named = {name: part for name, part in progress.parts.items() if part.numbers.jobs}
    by_interest = sorted(named, key=lambda name: _interest(named[name]), reverse=True)
    shown = set(by_interest if len(named) <= most else by_interest[:most])
    names = [name for name in named if name in shown]
    longest = max((cell_len(name) for name in names), default=0)
    name_width = max(1, min(longest, _LONGEST_NAME, width // 2))
    for name in names:
        yield _experiment(name, named[name].numbers, (name_width, width), is_ascii=is_ascii)
    rest = [part.numbers for name, part in named.items() if name not in shown]
    if rest:
        ended = sum(numbers.ended for numbers in rest)
        jobs = sum(numbers.jobs for numbers in rest)
        yield cut(f"{len(rest)} more experiments: {ended}/{jobs} jobs", width)


def _interest(part: Part) -> tuple[bool, bool, float]:
    return part.numbers.left > 0, part.numbers.running > 0, part.changed_at.timestamp()


def _experiment(name: str, numbers: Numbers, widths: tuple[int, int], *, is_ascii: bool) -> str:
    """Its name, a bar where there is room, and how far its jobs are."""
    name_width, width = widths
    shown = set_cell_size(cut(name, name_width), name_width)
    bar = f"  {_bar(numbers, is_ascii=is_ascii)}" if width >= _NARROW else ""
    return cut(f"{shown}{bar}  {_share(numbers)}  {numbers_text(_unended(numbers))}".rstrip(), width)


def _unended(numbers: Numbers) -> Numbers:
    """The same without those that are done, which the share tells."""
    return type(numbers)(
        wanted=numbers.wanted,
        pending=numbers.pending,
        running=numbers.running,
        failed=numbers.failed,
        cancelled=numbers.cancelled,
    )


def _bar(numbers: Numbers, *, is_ascii: bool) -> str:
    full, empty = ("#", "-") if is_ascii else ("━", "╌")
    filled = _BAR * numbers.ended // max(1, numbers.jobs)
    return full * filled + empty * (_BAR - filled)


# Fitting


def cut(text: str, width: int) -> str:
    """The text, or as much of it as fits, with … at its end."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - 1)).rstrip() + "…"


def _filled(words: Iterable[str], width: int) -> Iterator[str]:
    """Words between dots, as many in a line as fit."""
    line = ""
    for word in words:
        longer = f"{line} · {word}" if line else word
        if line and cell_len(longer) > width:
            yield cut(line, width)
            longer = word
        line = longer
    yield cut(line, width)


def _as_ascii(text: str) -> str:
    told = text.replace("…", "~").replace(" · ", " | ").replace("–", "-")
    return told.encode("ascii", "replace").decode("ascii")
