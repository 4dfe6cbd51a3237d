"""The command line: one module a command, each a thin face of a use case in `cctrack.study`."""
