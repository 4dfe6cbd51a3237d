"""Find a password or token where no other user of the machine can read it."""

import base64
import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cctrack.errors import TransferFailed
from cctrack.io.pacs.address import Server

USER, PASSWORD, TOKEN = "CCTRACK_PACS_USER", "CCTRACK_PACS_PASSWORD", "CCTRACK_PACS_TOKEN"
"""Environment variables that hold a credential."""

_FILE_HELP = 'it holds lines like user = "..." and password = "...", or token = "..."'


@dataclass(frozen=True, slots=True)
class Credential:
    """What is sent to the server to say who asks; never shown, not even by ``repr``.

    Attributes
    ----------
    header : str
        Value of the HTTP header ``Authorization``.
    """

    header: str = field(repr=False)


def find_credential(
    server: Server, file: Path | None, environment: Mapping[str, str]
) -> Credential | None:
    """Look into the file if one was given, else the environment, else the keyring.

    Parameters
    ----------
    server : Server
    file : Path or None
        TOML with ``user`` and ``password``, or ``token``; only its owner may read it.
    environment : mapping of str to str

    Returns
    -------
    Credential or None
        None when there is none: many servers inside a hospital ask for none.

    Raises
    ------
    TransferFailed
        If others can read the file, it makes no sense, the keyring cannot be opened, or the
        credential would travel unprotected.
    """
    if file is not None:
        found = _from_values(_values_of(file), ("user", "password", "token"))
        if found is None:
            raise TransferFailed(f"the credentials file holds no credential; {_FILE_HELP}")
    else:
        found = _from_values(environment, (USER, PASSWORD, TOKEN)) or _from_keyring(
            server, environment.get(USER)
        )
    if found is not None and not server.private:
        raise TransferFailed(
            "a credential would travel unprotected over http to another machine; "
            "use https, or remove the credential if the server needs none"
        )
    return found


def _values_of(file: Path) -> dict[str, str]:
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise TransferFailed("others can read the credentials file; chmod 600 it first")
            content = tomllib.load(opened)
    except OSError as error:
        raise TransferFailed(f"the credentials file: {error.strerror}") from None
    except ValueError:
        # The parser's own words could quote the password.
        raise TransferFailed(f"the credentials file cannot be read; {_FILE_HELP}") from None
    return {key: value for key, value in content.items() if isinstance(value, str)}


def _from_values(values: Mapping[str, str], names: tuple[str, str, str]) -> Credential | None:
    user, password, token = (values.get(name, "") for name in names)
    if token:
        return _bearer(token)
    return _basic(user, password) if user and password else None


def _bearer(token: str) -> Credential:
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise TransferFailed("the token holds characters that no token has")
    return Credential(f"Bearer {token}")


def _basic(user: str, password: str) -> Credential:
    if ":" in user:
        raise TransferFailed("a user name cannot hold a colon (RFC 7617)")
    pair = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
    return Credential(f"Basic {pair}")


def _from_keyring(server: Server, user: str | None) -> Credential | None:
    """Ask the keyring of the desktop for what is kept under ``cctrack`` and the server's origin."""
    try:
        import keyring
        from keyring.errors import KeyringError, NoKeyringError
    except ImportError:
        return None
    try:
        kept = keyring.get_credential(f"cctrack {server.origin}", user or None)
    except NoKeyringError:
        return None
    except KeyringError:
        raise TransferFailed("the keyring could not be opened") from None
    return _basic(kept.username, kept.password) if kept and kept.password else None
