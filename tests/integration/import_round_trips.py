"""Imports every sequence of a folder, and says how many come back the same: `import_round_trips.py FOLDER`.

The folder holds abstract representations, one a file, as `Sequence.to_abstract_repr` writes them. Where a
measurement or a file for the device is asked for, it is given, as a person would.
"""

from __future__ import annotations

import argparse
import re
import sys
import warnings
from collections import defaultdict
from pathlib import Path

from runner.errors import SequenceError
from runner.sequences.import_abstract import imported
from runner.spec.format.formatter import formatted

_NUMBER = re.compile(r"\d+")
_TRIES = 3


def outcome(text: str) -> str:
    """How the import of a sequence ends, in words that are the same for sequences of one kind."""
    asked: dict[str, str] = {}
    for _ in range(_TRIES):
        try:
            found = imported(text, name="x", measure=asked.get("measure"), device_file=asked.get("device"))
        except SequenceError as error:
            more = {"device": "device.json"} if "--device-file" in error.hint else {}
            if basis := re.search(r"--measure (\S+)", error.hint):
                more["measure"] = basis[1]
            if not more.items() - asked.items():
                return f"refused: {_NUMBER.sub('#', error.message)}"
            asked |= more
        else:
            assert formatted(found.text, path="x.yaml") == found.text
            words = [*(f"--{each}" for each in asked), *(["values chosen"] if found.chosen else [])]
            fault = f", but: {_NUMBER.sub('#', found.problems[0].message)}" if found.problems else ""
            return " ".join(["same", *words]) + fault
    return "asked without end"


def main() -> None:
    """Print how many sequences of a folder end in each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    kinds: dict[str, list[str]] = defaultdict(list)
    warnings.simplefilter("ignore")
    for path in sorted(parser.parse_args().folder.glob("*.json")):
        kinds[outcome(path.read_text(encoding="utf-8"))].append(path.stem)
    for kind, names in sorted(kinds.items(), key=lambda each: -len(each[1])):
        sys.stdout.write(f"{len(names):5}  {kind}  ({', '.join(names[:3])})\n")
    same = sum(len(names) for kind, names in kinds.items() if kind.startswith("same"))
    sys.stdout.write(f"{same} of {sum(map(len, kinds.values()))} the same\n")


if __name__ == "__main__":
    main()
