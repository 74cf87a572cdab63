"""The forms that results are written in: on stdout, or into a file."""

from __future__ import annotations

import json
import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from runner.cli.output import say
from runner.cli.output_files import write_file
from runner.cli.render.results_table import ResultsTable, markdown_tables, print_tables, tables_text
from runner.domain.ascii import in_encoding
from runner.errors import UsageError
from runner.optional_packages import needed
from runner.results.export import writers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.results import Results
    from runner.results.export.sheets import Sheet


class Form(StrEnum):
    """What results are written as."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    MD = "md"
    PARQUET = "parquet"
    NETCDF = "netcdf"

    @property
    def is_for_people(self) -> bool:
        """Whether it is read rather than loaded."""
        return self in {Form.TABLE, Form.MD}


_ENDINGS = {
    ".txt": Form.TABLE,
    ".json": Form.JSON,
    ".jsonl": Form.JSONL,
    ".csv": Form.CSV,
    ".md": Form.MD,
    ".parquet": Form.PARQUET,
    ".nc": Form.NETCDF,
}


def form_meant(said: str | None, save: Path | None) -> Form:
    """The form that is asked for, else that of the file's ending, else a table.

    Raises:
        UsageError: The ending says no form.
    """
    if said is not None:
        return Form(said)
    if save is None:
        return Form.TABLE
    if save.suffix.lower() not in _ENDINGS:
        raise UsageError(
            f"{save}: its ending says no form", hint=f"say -o, or end it in {', '.join(_ENDINGS)}"
        )
    return _ENDINGS[save.suffix.lower()]


def check_place(form: Form, save: Path | None) -> None:
    """Refuses to write binary files into a terminal.

    Raises:
        UsageError: That is what is asked for.
    """
    if form in {Form.PARQUET, Form.NETCDF} and save is None and sys.stdout.isatty():
        hint = "say -O FILE, or lead the output into a file"
        raise UsageError(f"-o {form} is no text for a terminal", hint=hint)


def put_tables(tables: Sequence[ResultsTable], form: Form, save: Path | None) -> None:
    """Writes what people read."""
    if form is Form.MD:
        _put_text(markdown_tables(tables), save)
    elif save is not None:
        _put_text(tables_text(tables), save)
    else:
        print_tables(tables)


def put_sheet(sheet: Sheet, form: Form, save: Path | None, experiments: Sequence[str]) -> None:
    """Writes what programs read, all experiments in one sheet."""
    if form is Form.PARQUET:
        _put(writers.parquet_bytes(sheet), save)
    elif form is Form.CSV:
        _put_text(writers.csv_text(sheet), save)
    else:
        put_objects(writers.json_objects(sheet), form, save, experiments)


def put_objects(
    rows: Sequence[dict[str, object]], form: Form, save: Path | None, experiments: Sequence[str]
) -> None:
    """Writes JSON: a line a row, or the rows of each experiment under its name.

    Args:
        rows: Each with its `experiment`.

        experiments: Names of all of them; one without rows is there too, and empty.
    """
    if form is Form.JSONL:
        text = "".join(_json(row) + "\n" for row in rows)
    else:
        by_name: dict[str, list[dict[str, object]]] = {name: [] for name in experiments}
        for row in rows:
            rest = {name: value for name, value in row.items() if name != "experiment"}
            by_name[str(row["experiment"])].append(rest)
        text = _json(by_name, indent=2) + "\n"
    _put_text(text, save)


def _json(value: object, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)


def put_netcdf(results: Sequence[Results], save: Path | None, *, counts: bool) -> None:
    """Writes labelled arrays; those of several experiments as a group each, called after it.

    Raises:
        RunnerError: xarray or netCDF4 is not installed.
    """
    needed("xarray", "-o netcdf")
    needed("netCDF4", "-o netcdf")
    with tempfile.TemporaryDirectory(prefix="runner-netcdf-") as folder:
        path = Path(folder) / "results.nc"
        for place, each in enumerate(results):
            group = each.experiment if len(results) > 1 else None
            arrays = each.to_xarray(counts=counts)
            arrays.to_netcdf(path, mode="a" if place else "w", group=group, engine="netcdf4")
        _put(path.read_bytes(), save)


def _put_text(text: str, save: Path | None) -> None:
    if save is None:
        sys.stdout.write(in_encoding(text, sys.stdout.encoding))
    else:
        _put(text.encode(), save)


def _put(content: bytes, save: Path | None) -> None:
    if save is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        write_file(save, content)
        say(f"{save}: written")
