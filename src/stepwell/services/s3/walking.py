"""Keys of a bucket in their order, from some place on, with the ones a delimiter groups as one.

What is shown by none of its keys (a group, a deleted object) is jumped over, so that a listing
costs what it shows.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from stepwell.runtime.ports import Store
from stepwell.services.s3.records import OBJECT, ObjectRow

BATCH = 250
_LAST = "\U0010ffff"


class Keys:
    """The rows of a bucket's keys that begin with a prefix."""

    def __init__(self, store: Store, bucket: str, prefix: str, after: str | None) -> None:
        self._store = store
        self._bucket = bucket
        self._prefix = prefix
        self._after = after
        self._rows: deque[ObjectRow] = deque()
        self._first = bool(prefix) and (after is None or after < prefix)
        self._ended = False

    async def next(self) -> ObjectRow | None:
        """The next row, None at the end."""
        while not self._rows and not self._ended:
            await self._read()
        return self._rows.popleft() if self._rows else None

    def jump(self, group: str) -> None:
        """Go on behind all keys that begin with that."""
        while self._rows and self._rows[0].key.startswith(group):
            self._rows.popleft()
        if not self._rows:
            self._after = group + _LAST

    async def _read(self) -> None:
        prefix = self._prefix
        if self._first:
            self._first = False
            self._after = prefix
            row = await self._store.get(OBJECT, (self._bucket, prefix))
            if row is not None:
                self._rows.append(row)
                return
        rows = await self._store.scan(
            OBJECT,
            (self._bucket,),
            after=None if self._after is None else (self._after,),
            until=(prefix + _LAST,) if prefix else None,
            limit=BATCH,
        )
        self._ended = len(rows) < BATCH
        if rows:
            self._after = rows[-1].key
        self._rows.extend(rows)


@dataclass(slots=True)
class Page:
    """One page of a listing."""

    rows: list[ObjectRow] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    last: str = ""
    """The last key or group on it."""
    truncated: bool = False


async def page_of(
    store: Store, bucket: str, prefix: str, delimiter: str, after: str | None, limit: int
) -> Page:
    """The objects from behind `after`, delete markers left out."""
    keys, page = Keys(store, bucket, prefix, after), Page()
    if limit == 0:
        return page
    while (row := await keys.next()) is not None:
        if row.is_marker:
            continue
        group = group_of(row.key, prefix, delimiter)
        if group is not None:
            keys.jump(group)
            if after is not None and group <= after:
                continue
        if len(page.rows) + len(page.groups) == limit:
            page.truncated = True
            break
        if group is None:
            page.rows.append(row)
        else:
            page.groups.append(group)
        page.last = row.key if group is None else group
    return page


def group_of(key: str, prefix: str, delimiter: str) -> str | None:
    """The common prefix that stands for a key, None when the key stands for itself."""
    if not delimiter:
        return None
    cut = key.find(delimiter, len(prefix))
    return None if cut < 0 else key[: cut + len(delimiter)]
