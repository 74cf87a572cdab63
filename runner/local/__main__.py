"""`python -m runner.local --store DIR`: one server as a process; see `runner.local.server.server`."""

import sys

if __name__ == "__main__":  # the workers' processes import this module too, and need nothing of a server
    from runner.local.server.command_line import main

    sys.exit(main())
