"""What a session leaves in a Redis: every key holds the name of its queue, and goes with it.

A Redis of one's own ends with the session; this is for one that others use too:
`python -m encave.viewer.redis_keys FOLDER`, with the session's folder.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .session import Session

if TYPE_CHECKING:
    from redis import Redis

_LISTS = ("rq:queues", "rq:workers")  # sets that all queues share
_AT_ONCE = 1000


def name_keys_after(queue: str) -> None:
    """Have the keys of jobs hold the queue's name; those of queues, registries and (named) workers do anyhow.

    DeepCAVE numbers jobs by run and inputs, so that two sessions on one Redis would take each other's.
    """
    from rq.job import Job

    Job.redis_job_namespace_prefix = f"rq:job:{queue}:"


def remove_keys(connection: Redis, queue: str) -> None:
    """Delete all keys of a queue, its jobs and its workers."""
    keys = list(connection.scan_iter(match=f"*{queue}*", count=_AT_ONCE))
    for start in range(0, len(keys), _AT_ONCE):
        connection.delete(*keys[start : start + _AT_ONCE])
    for shared in _LISTS:
        ours = list(connection.sscan_iter(shared, match=f"*{queue}*"))
        if ours:
            connection.srem(shared, *ours)


def remove_session_keys(session: Session) -> None:
    """Delete what a session has left in the Redis that it used."""
    import redis

    with redis.from_url(f"{session.redis_address}:{session.redis_port}") as connection:
        remove_keys(connection, session.queue)


if __name__ == "__main__":
    remove_session_keys(Session.read(Path(sys.argv[1])))
