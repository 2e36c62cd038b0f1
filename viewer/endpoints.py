"""Ports and addresses."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from ..errors import EncaveError

LOOPBACK = "127.0.0.1"


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
