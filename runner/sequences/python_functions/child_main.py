"""The process in which a function of the user is run: `python child_main.py FOLDER`.

Reads FOLDER/request.json and writes FOLDER/answer.json: the sequence that a function gives, or what it gives
for some calls. It is run as a file, and imports nothing of the runner: only the standard library and, for a
sequence, Pulser. It answers in text, and nothing is unpickled.
"""

from __future__ import annotations

import difflib
import hashlib
import inspect
import json
import math
import os
import platform
import resource
import signal
import sys
import traceback
import warnings
from contextlib import suppress
from importlib import import_module, metadata, util
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
)
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, NotRequired, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType

_GRACE_S: Final = 5
_GB: Final = 1_000_000_000
_LISTED: Final = 12
_ALWAYS_NAMED: Final = ("numpy", "pulser-core", "scipy")
# Atoms without a name of their own are counted, and on the cloud every name is text.
_OLD_NEWS: Final = ".*converts all qubit ID's to strings"
_INSTALLED: Final = {"site-packages", "dist-packages"}


class _Scored(TypedDict):
    """Runs to score: a row says how often each bitstring was measured."""

    bitstrings: list[str]
    rows: list[list[int]]
    variables: dict[str, object]


class _Request(TypedDict):
    """What is asked: with `args` for a sequence, with `keywords` for one value, with `scored` for many.

    Args:
        memory_gb: How much memory may be taken; None for half of the machine's.

        is_tolerant: Whether a call that fails has no value, and the others go on.
    """

    root: str
    path: str
    function: str
    timeout_s: float
    memory_gb: float | None
    args: NotRequired[dict[str, object]]
    keywords: NotRequired[dict[str, object]]
    scored: NotRequired[list[_Scored]]
    is_tolerant: NotRequired[bool]


class NothingGivenError(Exception):
    """Why a function gave nothing of use, in words for the user."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Repository:
    """Files of the repository that have a part in what a function gives.

    Args:
        root: Where it begins; what is installed in an environment below it is not the repository's.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.modules: dict[str, str] = {}
        self.opened: dict[str, None] = {}
        self._environments = [
            place
            for place in (Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve())
            if place != root and place.is_relative_to(root)
        ]

    def name(self, place: str | Path) -> str | None:
        """A file's path from the root; None if it is not the repository's."""
        path = Path(place).resolve()
        if not path.is_relative_to(self.root) or path == Path(__file__).resolve():
            return None
        inside = path.relative_to(self.root)
        if _INSTALLED & set(inside.parts) or any(path.is_relative_to(each) for each in self._environments):
            return None
        return inside.as_posix()

    def watch(self) -> None:
        """Notes from now on what is imported and what is read."""
        sys.path_hooks.insert(0, self._finder)
        sys.path_importer_cache.clear()
        sys.addaudithook(self._hear)

    def loader(self, name: str, place: str) -> SourceFileLoader:
        """Loads a module from its source and notes the digest of exactly what was run."""
        repository = self

        class Noting(SourceFileLoader):
            def path_stats(self, path: str) -> NoReturn:
                """None: bytecode of another day is neither read nor written."""
                raise OSError(path)

            def get_data(self, path: str) -> bytes:
                content = super().get_data(path)
                if (name := repository.name(path)) is not None:
                    repository.modules[name] = hashlib.sha256(content).hexdigest()
                return content

        return Noting(name, place)

    def files(self) -> dict[str, str]:
        """Digest of each file that was read and is no module, by its path from the root."""
        names = {place: self.name(place) for place in self.opened}
        return {
            name: _file_digest(Path(place))
            for place, name in names.items()
            if name is not None and name not in self.modules and Path(place).is_file()
        }

    def note_extensions(self) -> None:
        """Notes modules that are no source."""
        for module in list(sys.modules.values()):
            place = getattr(module, "__file__", None)
            if isinstance(place, str) and place.endswith(tuple(EXTENSION_SUFFIXES)):
                name = self.name(place)
                if name is not None:
                    self.modules[name] = _file_digest(Path(place))

    def _finder(self, folder: str) -> Any:
        if self.name(folder) is None:
            raise ImportError(folder)
        loaders = ((ExtensionFileLoader, EXTENSION_SUFFIXES), (self.loader, SOURCE_SUFFIXES))
        return FileFinder.path_hook(*loaders)(folder)  # type: ignore[arg-type]  # called as the class would be

    def _hear(self, event: str, words: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(words[0], str | bytes | os.PathLike) and _is_reading(*words[1:]):
            with suppress(Exception):  # a name that is none
                self.opened[os.path.abspath(os.fsdecode(words[0]))] = None  # noqa: PTH100  (no link is followed)


def _is_reading(mode: str | None, flags: int) -> bool:
    if mode is None:
        return flags & (os.O_WRONLY | os.O_RDWR) == 0
    return not set(mode) & set("wax+")


def _file_digest(place: Path) -> str:
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def answered(request: _Request) -> dict[str, object]:
    """What a function gives, and what had a part in it; or why there is nothing."""
    repository = Repository(Path(request["root"]))
    give = _representation if "args" in request else _values
    if "args" in request:
        import_module("pulser")  # takes a second; its versions are always told
    known = set(sys.modules)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.filterwarnings("always", category=UserWarning)
            warnings.filterwarnings("ignore", message=_OLD_NEWS)
            repository.watch()
            given = give(request, repository)
    except NothingGivenError as error:
        return {"message": error.message, "hint": error.hint}
    repository.note_extensions()
    new = {name.partition(".")[0] for name in set(sys.modules) - known}
    said = [str(each.message) for each in caught if issubclass(each.category, UserWarning)]
    return {
        **given,
        "modules": repository.modules,
        "files": repository.files(),
        "versions": {"python": platform.python_version(), **_packages(new)},
        "warnings": list(dict.fromkeys(said)),
    }


def _packages(modules: Iterable[str]) -> dict[str, str]:
    """Versions of installed packages that had a part in it."""
    foreign = set(modules) - set(sys.stdlib_module_names)
    owners = metadata.packages_distributions() if foreign else {}
    names = {name for module in foreign for name in owners.get(module, ())}
    versions = {}
    for name in sorted({*names, *_ALWAYS_NAMED}):
        with suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return versions


def _values(request: _Request, repository: Repository) -> dict[str, object]:
    """What the function gives for each call, as plain data; None where a call may fail, and does."""
    place, name = Path(request["path"]), request["function"]
    sys.path.insert(0, str(place.parent))
    try:
        function = _function(_loaded(place, repository), name, place)
        line = getattr(getattr(function, "__code__", None), "co_firstlineno", 1)
        is_tolerant = request.get("is_tolerant", False)
        place_of_it = f"{repository.name(place)}:{line}"
        calls = _calls(function, request, place_of_it)
        values = [_value(function, *call, is_tolerant) for call in calls]
    except NothingGivenError:
        raise
    except BaseException as error:  # also what asks to end
        raise _raised(error, name, repository) from error
    return {"values": values, "line": line}


def _calls(
    function: Callable[..., object], request: _Request, where: str
) -> Iterator[tuple[tuple[object, ...], dict[str, object]]]:
    """Arguments of each call; a function of the counts gets the variables, too, if it takes them."""
    if "keywords" in request:
        _must_take(function, where, (), request["keywords"])
        yield (), request["keywords"]
    for each in request.get("scored", ()):
        takes_variables = _takes(function, {}, each["variables"])
        if not takes_variables:
            _must_take(function, where, ({},), {})
        for row in each["rows"]:
            counts = {bits: runs for bits, runs in zip(each["bitstrings"], row, strict=True) if runs}
            yield ((counts, dict(each["variables"])) if takes_variables else (counts,)), {}


def _takes(function: Callable[..., object], *args: object, **keywords: object) -> bool:
    try:
        inspect.signature(function).bind(*args, **keywords)
    except TypeError:
        return False
    except ValueError:  # it does not say what it takes
        return True
    return True


def _must_take(
    function: Callable[..., object], where: str, args: tuple[object, ...], keywords: dict[str, object]
) -> None:
    if _takes(function, *args, **keywords):
        return
    shown = ", ".join(str(each) for each in inspect.signature(function).parameters.values())
    called = ", ".join(f"{each}=…" for each in keywords) if keywords else "counts, variables"
    name = getattr(function, "__name__", "it")
    message = f"{name}({shown}) takes other arguments ({where})"
    raise NothingGivenError(message, f"it is called {name}({called})")


def _value(
    function: Callable[..., object], args: tuple[object, ...], keywords: dict[str, object], is_tolerant: bool
) -> object:
    try:
        given = function(*args, **keywords)
    except (LookupError, ValueError, ArithmeticError):
        if is_tolerant:
            return None
        raise
    if inspect.iscoroutine(given):
        given.close()
    return _plain(given)


def _plain(value: object) -> object:
    """A value as JSON has it; numbers and arrays of NumPy, too. What is none tells its type."""
    for method in ("item", "tolist"):  # of a single number, and of an array
        if type(value).__module__.partition(".")[0] == "numpy" and hasattr(value, method):
            with suppress(ValueError):
                value = getattr(value, method)()
    match value:
        case None | bool() | str() | int():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case list() | tuple():
            return [_plain(each) for each in value]
        case dict() if all(isinstance(each, str) for each in value):
            return {name: _plain(each) for name, each in value.items()}
    return {"": type(value).__name__}


def _representation(request: _Request, repository: Repository) -> dict[str, object]:
    import pulser  # noqa: PLC0415  (see `answered`)

    place, name = Path(request["path"]), request["function"]
    sys.path.insert(0, str(place.parent))
    try:
        function = _function(_loaded(place, repository), name, place)
        _check_arguments(function, name, request["args"])
        given = function(**request["args"])
    except NothingGivenError:
        raise
    except BaseException as error:  # also what asks to end
        raise _raised(error, name, repository) from error
    if inspect.iscoroutine(given):
        given.close()  # else Python complains that it is never awaited
    if not isinstance(given, pulser.Sequence):
        raise NothingGivenError(
            f"{name} gave {_kind(given)}, not a pulser.Sequence", "end the function with return seq"
        )
    try:
        return {"representation": given.to_abstract_repr()}
    except Exception as error:
        raise NothingGivenError(f"the sequence of {name} can't be written down: {_words(error)}") from error


def _loaded(place: Path, repository: Repository) -> ModuleType:
    name = place.stem if place.stem.isidentifier() and place.stem not in sys.modules else "__factory__"
    loader = repository.loader(name, str(place))
    spec = util.spec_from_file_location(name, place, loader=loader)
    if spec is None:
        raise NothingGivenError(f"{place.name} is no module")
    module = util.module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
    return module


def _function(module: ModuleType, name: str, place: Path) -> Callable[..., object]:
    function: Callable[..., object] | None = getattr(module, name, None)
    if callable(function):
        return function
    own = [
        each
        for each, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not each.startswith("_")
    ]
    if function is not None:
        raise NothingGivenError(
            f"{name} in {place.name} is {_kind(function)}, not a function", _known(name, own)
        )
    raise NothingGivenError(f"{place.name} has no function {name}", _known(name, own))


def _known(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    if not known:
        return "there are no functions in it"
    return "known functions: " + ", ".join(known[:_LISTED]) + (", …" if len(known) > _LISTED else "")


def _check_arguments(function: Callable[..., object], name: str, arguments: dict[str, object]) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # it does not say what it takes
        return
    try:
        signature.bind(**arguments)
    except TypeError as error:
        shown = ", ".join(str(each) for each in signature.parameters.values())
        near = [
            f"did you mean {match[0]}? "
            for argument in arguments
            if argument not in signature.parameters
            and (match := difflib.get_close_matches(argument, signature.parameters, n=1))
        ]
        raise NothingGivenError(
            f"args do not fit {name}: {error}", f"{''.join(near)}it is {name}({shown})"
        ) from error


def _raised(error: BaseException, name: str, repository: Repository) -> NothingGivenError:
    """What the user's code raised, and at which of its lines."""
    _bound_memory(resource.RLIM_INFINITY)  # to say so takes some, too
    kind = type(error).__name__
    if isinstance(error, SyntaxError) and error.filename and (where := repository.name(error.filename)):
        return NothingGivenError(
            f"{where}:{error.lineno} is not Python: {error.msg}", _line((error.text or "").strip())
        )
    frames = traceback.extract_tb(error.__traceback__)
    own = [(where, frame) for frame in frames if (where := repository.name(frame.filename))]
    said = _words(error)
    message = f"{name} raised {kind}: {said}" if said else f"{name} raised {kind}"
    more = "a function may take more memory with python_memory_gb in runner.toml"
    hint = more if isinstance(error, MemoryError) else ""
    if not own:
        return NothingGivenError(message, hint)
    where, frame = own[-1]
    return NothingGivenError(f"{message} ({where}:{frame.lineno})", hint or _line(frame.line or ""))


def _line(code: str) -> str:
    return f"the line is: {code}" if code else ""


def _words(error: BaseException) -> str:
    try:
        return " ".join(str(error).split())
    except Exception:  # noqa: BLE001  (the user's error does not know what to say)
        return ""


def _kind(value: object) -> str:
    return "nothing" if value is None else f"an object of type {type(value).__name__}"


def _bound_memory(most_bytes: int) -> None:
    """What is asked for beyond it raises MemoryError, where the system counts it."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    with suppress(ValueError, OSError):  # the system bounds it tighter, or not at all
        resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, hard))


def _half_of_all() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def main(folder: Path) -> None:
    """Answers the request in a folder, and ends at once: nothing of the user is waited for."""
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    # The process ends by itself if the one that watches over it is gone.
    signal.alarm(math.ceil(request["timeout_s"]) + _GRACE_S)
    memory_gb = request["memory_gb"]
    _bound_memory(_half_of_all() if memory_gb is None else int(memory_gb * _GB))
    answer = answered(request)
    aside = folder / "answer.part"
    aside.write_text(json.dumps(answer), encoding="utf-8")
    aside.rename(folder / "answer.json")
    with suppress(Exception):  # the user may have closed it
        sys.stdout.flush()
    with suppress(Exception):
        sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except Exception as problem:  # noqa: BLE001  (the user's code has broken what was around it)
        sys.exit(f"{type(problem).__name__}: {_words(problem)}")
