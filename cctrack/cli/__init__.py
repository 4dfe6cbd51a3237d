"""The command line: one module a command, each a thin face of a use case in `cctrack.study`."""

from cctrack.cli.main import main

__all__ = ["main"]
