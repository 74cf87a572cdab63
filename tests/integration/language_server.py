"""A YAML language server as an editor runs it: JSON-RPC over its standard input and output."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
from pathlib import Path

TIMEOUT_S = 60
VARIABLE = "RUNNER_YAML_LANGUAGE_SERVER"
_NAME = "yaml-language-server"
# An editor's answers to what the server asks for: nothing is to be looked for elsewhere.
_SETTINGS = {
    "yaml": {
        "validate": True,
        "hover": True,
        "completion": True,
        "schemaStore": {"enable": False, "url": ""},
        "kubernetesCRDStore": {"enable": False},
    }
}


def command():
    """The command of the server; None where there is none.

    The variable names it, or the folder that `npm install --prefix FOLDER yaml-language-server` filled; what
    it names must be there.
    """
    named = os.environ.get(VARIABLE)
    path = Path(named or shutil.which(_NAME) or _NAME)
    if path.is_dir():
        path = path / "node_modules" / ".bin" / _NAME
    if path.is_file():
        return [str(path), "--stdio"]
    assert not named, f"{VARIABLE} is {named}, but there is no {path}"
    return None


class LanguageServer:
    """A running server; to be used in a `with`.

    Args:
        words: Its command.
    """

    def __init__(self, words):
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._received = queue.Queue()
        self._diagnostics = {}
        self._next_id = 1
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        capabilities = {
            "workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}},
            "textDocument": {
                "completion": {"completionItem": {"snippetSupport": True}},
                "hover": {"contentFormat": ["markdown"]},
            },
        }
        self._ask("initialize", {"processId": os.getpid(), "rootUri": None, "capabilities": capabilities})
        self._tell("initialized", {})
        self._tell("workspace/didChangeConfiguration", {"settings": _SETTINGS})
        return self

    def __exit__(self, *_):
        try:
            self._ask("shutdown", None)
            self._tell("exit", None)
            self._process.wait(TIMEOUT_S)
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join()
            self._process.stdin.close()
            self._process.stdout.close()

    def open(self, path, text):
        """Opens a text as a file, which need not be there."""
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._diagnostics.pop(path.as_uri(), None)
        self._tell("textDocument/didOpen", {"textDocument": document})

    def marks(self, path):
        """What the server marks in an open file: (line from 0, message)."""
        while path.as_uri() not in self._diagnostics:
            self._handle(self._received.get(timeout=TIMEOUT_S))
        return [
            (mark["range"]["start"]["line"], mark["message"]) for mark in self._diagnostics[path.as_uri()]
        ]

    def close(self, path):
        """Closes a file."""
        self._tell("textDocument/didClose", {"textDocument": {"uri": path.as_uri()}})

    def completion(self, path, line, character):
        """What could stand at a place: description by label."""
        answer = self._ask("textDocument/completion", _place(path, line, character))
        items = answer["items"] if isinstance(answer, dict) else answer or []
        return {item["label"]: _text(item.get("documentation", "")) for item in items}

    def hover(self, path, line, character):
        """What is told of the word at a place; empty if nothing is."""
        answer = self._ask("textDocument/hover", _place(path, line, character))
        return _text(answer["contents"]) if answer else ""

    def _ask(self, method, params):
        number, self._next_id = self._next_id, self._next_id + 1
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._received.get(timeout=TIMEOUT_S)
            if message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise AssertionError(message["error"])
                return message["result"]
            self._handle(message)

    def _tell(self, method, params):
        self._send({"method": method, "params": params})

    def _handle(self, message):
        """Answers what the server asks for, and keeps what it marks."""
        if message.get("method") == "textDocument/publishDiagnostics":
            self._diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "id" in message:
            items = (
                message["params"].get("items", []) if message["method"] == "workspace/configuration" else []
            )
            self._send({"id": message["id"], "result": [_SETTINGS.get(each["section"]) for each in items]})

    def _send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _read(self):
        while headers := self._headers():
            self._received.put(json.loads(self._process.stdout.read(int(headers["content-length"]))))

    def _headers(self):
        found = {}
        while (line := self._process.stdout.readline()).strip():
            name, _, value = line.decode("ascii").partition(":")
            found[name.lower()] = value.strip()
        return found


def _place(path, line, character):
    return {
        "textDocument": {"uri": path.as_uri()},
        "position": {"line": line, "character": character},
    }


def _text(content):
    return content["value"] if isinstance(content, dict) else content
