"""What workers are forked from: to import this is to import all they need, unless the server ends meanwhile.

The import takes seconds, in which the process that does it would notice nothing.
"""

import gc
import os
import threading

_LOOK_EVERY_S = 0.05
_SERVER = os.getppid()
_imported = threading.Event()


def _end_with_server() -> None:
    while not _imported.wait(_LOOK_EVERY_S):
        if os.getppid() != _SERVER:
            os._exit(1)


_watch = threading.Thread(target=_end_with_server, name="end-with-server", daemon=True)
_watch.start()

gc.disable()  # what is imported stays: to look for garbage in it takes a sixth of the time

import runner.local.engines.emulation  # noqa: E402, F401  (what is watched)

gc.freeze()  # workers look for theirs, and share the pages of what was there before
gc.enable()
_imported.set()
_watch.join()  # a process that forks has no threads
