"""Ports, addresses, the way to them from afar, and whether a Redis answers at one."""

from __future__ import annotations

import getpass
import os
import socket
import ssl
from urllib.parse import unquote, urlsplit

from ..errors import EncaveError

LOOPBACK = "127.0.0.1"
_PATIENCE = 5.0  # seconds


def split_address(url: str) -> tuple[str, str]:
    """Address and port as DeepCAVE wants them.

    Raises:
        EncaveError: it is no address of a Redis.
    """
    parts = urlsplit(url)
    try:
        port = parts.port or 6379
    except ValueError as error:
        raise EncaveError(f"{url} is no address of a Redis: {error}") from error
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise EncaveError(f"{url} is no address of a Redis; it looks like redis://:password@host:6379/0")
    host = parts.netloc.removesuffix(f":{parts.port}") if parts.port else parts.netloc
    return f"{parts.scheme}://{host}", f"{port}{parts.path}"


def free_port() -> int:
    """A port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def wanted_port(port: int) -> int:
    """The port, if it is free.

    Raises:
        EncaveError: it is taken or may not be used.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise EncaveError(
                f"cannot use port {port}: {reason}. Choose another with --port, or leave it to encave."
            ) from error
    return port


def is_far() -> bool:
    """Whether the terminal is on another machine, and so is the browser."""
    return bool(os.environ.get("SSH_CONNECTION")) and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


def tunnel(url: str) -> str | None:
    """How to reach a page of this machine from the one that the terminal is on; None if that is this one."""
    connection = os.environ.get("SSH_CONNECTION", "").split()
    port = urlsplit(url).port
    if len(connection) != 4:
        return None
    door = "" if connection[3] == "22" else f"-p {connection[3]} "
    return (
        f"To see it on your own machine, run there: ssh -N -L {port}:{LOOPBACK}:{port} {door}"
        f"{getpass.getuser()}@{connection[2]}, and open this address. --port {port} keeps the port the next time."
    )


def redis_answers(address: str, port: str) -> bool:
    """Whether a Redis answers and lets us in; spoken to directly, since its client may not be installed here.

    Args:
        address: Address as `split_address` gives it.
        port: Port, with `/database` if it is not the first.
    """
    parts = urlsplit(f"{address}:{port}")
    password = [unquote(parts.password)] if parts.password else []
    user = [unquote(parts.username)] if parts.username else []
    commands = [["AUTH", *user, *password]] * bool(password) + [["PING"]]
    host = parts.hostname or LOOPBACK
    try:
        with socket.create_connection((host, parts.port or 0), timeout=_PATIENCE) as plain:
            connection = plain
            if parts.scheme == "rediss":
                connection = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
            connection.sendall(b"".join(map(_encoded, commands)))
            with connection.makefile("rb") as answers:
                return [answers.readline() for _ in commands][-1] == b"+PONG\r\n"
    except OSError:
        return False


def _encoded(command: list[str]) -> bytes:
    words = [word.encode() for word in command]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
