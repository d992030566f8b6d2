"""Who may write: a lease row with an epoch, and the fence every commit passes.

Rules: time is the database's, so nodes' clocks do not matter. Taking the lease raises the epoch in
the lease row and in the fence, in one transaction; a commit touches the fence with its epoch, so it
either comes before the take-over or fails. `commits` in the fence counts commits: after a lost
connection it tells whether the last one happened.
"""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import dataclass

import asyncpg

from stepwell.errors import StorageTrouble, StoreInUse
from stepwell.runtime.records import LEASE
from stepwell.stores.sql import quoted

SHARD = 0
POLLS_MAX = 100

_TABLE = quoted(LEASE.name)
_NOW = "(extract(epoch from clock_timestamp()) * 1000)::bigint"

_TAKE = f"""
INSERT INTO {_TABLE} AS held (shard, owner, epoch, expires_at)
VALUES ($1, $2, 1, {_NOW} + $3::bigint)
ON CONFLICT (shard) DO UPDATE
SET owner = excluded.owner, epoch = held.epoch + 1, expires_at = excluded.expires_at
WHERE held.expires_at <= {_NOW} OR held.owner = $4
RETURNING epoch
"""
_RAISE_FENCE = """
INSERT INTO store_fence AS fence (shard, epoch, commits) VALUES ($1, $2, 0)
ON CONFLICT (shard) DO UPDATE SET epoch = excluded.epoch
RETURNING commits
"""
_HOLDER = f"SELECT owner, expires_at, expires_at - {_NOW} FROM {_TABLE} WHERE shard = $1"
_RENEW = f"""
UPDATE {_TABLE} SET expires_at = {_NOW} + $4::bigint
WHERE shard = $1 AND owner = $2 AND epoch = $3
"""
_RELEASE = f"UPDATE {_TABLE} SET expires_at = 0 WHERE shard = $1 AND owner = $2 AND epoch = $3"

PASS_FENCE = "UPDATE store_fence SET commits = $3 WHERE shard = $1 AND epoch = $2"
READ_FENCE = "SELECT epoch, commits FROM store_fence WHERE shard = $1 FOR UPDATE"


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that was taken: whose, which epoch, and the fence's count at that time."""

    owner: str
    epoch: int
    commits: int


def new_owner() -> str:
    """A name for this process: host and process-id space, and process id. The epoch is unique."""
    return f"{_process_space()} {os.getpid()}"


def _process_space() -> str:
    try:
        space = str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        space = "-"
    return f"{socket.gethostname()}/{space}"


def _is_dead(owner: str) -> bool:
    """Whether that owner was a process of this machine that is gone. When in doubt, no."""
    place, _, number = owner.partition(" ")
    if place != _process_space() or not number.isdigit() or os.name != "posix":
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


async def take(
    connection: asyncpg.Connection[asyncpg.Record], owner: str, milliseconds: int, place: str
) -> Lease:
    """Take the lease; wait for the end of one that is not renewed. Raises StoreInUse."""
    first_expiry: int | None = None
    for _ in range(POLLS_MAX):
        holder = await connection.fetchrow(_HOLDER, SHARD)
        dead = holder["owner"] if holder is not None and _is_dead(holder["owner"]) else ""
        async with connection.transaction():
            epoch = await connection.fetchval(_TAKE, SHARD, owner, milliseconds, dead)
            if epoch is not None:
                commits = await connection.fetchval(_RAISE_FENCE, SHARD, epoch)
                return Lease(owner, int(epoch), int(commits))
        if holder is None:
            continue
        expires_at, left = int(holder[1]), int(holder[2])
        if first_expiry is not None and expires_at > first_expiry:
            break
        first_expiry = expires_at
        await asyncio.sleep(min(max(left, 10), 500) / 1000)
    who = "another node" if holder is None else f"node {holder['owner']!r}"
    raise StoreInUse(f"{place} is in use by {who}: stop it, or use another database")


async def renew(pool: asyncpg.Pool[asyncpg.Record], lease: Lease, milliseconds: int) -> bool:
    """Prolong the lease; false when it is somebody else's now."""
    status = await pool.execute(_RENEW, SHARD, lease.owner, lease.epoch, milliseconds)
    return status == "UPDATE 1"


async def release(connection: asyncpg.Connection[asyncpg.Record], lease: Lease) -> None:
    """Let another node take the lease at once."""
    await connection.execute(_RELEASE, SHARD, lease.owner, lease.epoch)


async def commits_of(
    connection: asyncpg.Connection[asyncpg.Record], lease: Lease, place: str
) -> int:
    """How many commits the fence counts, once every transaction under way has ended."""
    found = await connection.fetchrow(READ_FENCE, SHARD)
    if found is None:
        raise StorageTrouble(f"{place} has lost its fence row: restore the database")
    if found["epoch"] != lease.epoch:
        raise lost(place)
    return int(found["commits"])


def lost(place: str) -> StoreInUse:
    """What a node is told whose lease was taken over."""
    return StoreInUse(f"another node has taken over {place}: this one must stop")
