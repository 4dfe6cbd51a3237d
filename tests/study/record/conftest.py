"""Records to test: each test that asks for one runs with SQLite and with a real PostgreSQL."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cctrack.study.record import open_record

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
SERVICE_USER = "postgres"


class Postgres:
    """A private server on a socket of its own; nothing listens on the network."""

    def __init__(self, folder: Path) -> None:
        self.data, self.socket = folder / "data", folder / "socket"
        self.databases = count(1)
        self.socket.mkdir()
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            shutil.chown(folder, SERVICE_USER)
            shutil.chown(self.socket, SERVICE_USER)

    def run(self, program: str, *arguments: str) -> None:
        as_service = ["setpriv", f"--reuid={SERVICE_USER}", "--clear-groups"]
        prefix = as_service if os.geteuid() == 0 else []
        subprocess.run(
            [*prefix, str(PROGRAMS / program), *arguments],
            check=True,
            capture_output=True,
            timeout=60,
            cwd=self.socket,
        )

    def start(self) -> None:
        self.run("initdb", "-D", str(self.data), "-A", "trust", "-U", "owner", "-N")
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.socket}'"
        log = str(self.socket / "log")
        self.run("pg_ctl", "-D", str(self.data), "-w", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", str(self.data), "-m", "immediate", "stop")

    def new_database(self) -> str:
        name = f"study{next(self.databases)}"
        self.run("createdb", "-h", str(self.socket), "-U", "owner", name)
        return f"postgresql://owner@/{name}?host={self.socket}"


@contextmanager
def running_postgres(folder: Path) -> Iterator[Postgres]:
    server = Postgres(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if sys.platform == "win32" or not (PROGRAMS / "initdb").exists():
        pytest.skip("PostgreSQL 15 is not installed")
    # Not below tmp_path: other users may not look into root's, and a socket's path must be short.
    with TemporaryDirectory(prefix="cctrack-") as folder, running_postgres(Path(folder)) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request) -> str | None:
    if request.param == "sqlite":
        return None
    return request.getfixturevalue("postgres").new_database()


@pytest.fixture
def record(tmp_path, url):
    with open_record(tmp_path, url) as opened:
        yield opened


@pytest.fixture
def now() -> datetime:
    return datetime(2024, 5, 2, 14, 30, tzinfo=UTC)
