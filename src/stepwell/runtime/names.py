"""Which execution names may be taken: a filter that spares nearly every start a read.

A Bloom filter over ARNs. "Surely free" is always true; "maybe taken" is looked up in the store. It
is filled from the store beside the running server; until it is, everything is "maybe taken".
"""

from __future__ import annotations

from stepwell.runtime.ports import Store
from stepwell.runtime.records import EXECUTION_NAME

_BITS = 24
"""2 MiB: two in a hundred free names are looked up at 1.6 million executions, more beyond."""
_MASK = (1 << _BITS) - 1
_PAGE = 2_000


class NameFilter:
    """See the module."""

    def __init__(self) -> None:
        self._bits = bytearray(1 << (_BITS - 3))
        self._complete = False

    def add(self, arn: str) -> None:
        """The name is taken."""
        bits = self._bits
        for place in _places(arn):
            bits[place >> 3] |= 1 << (place & 7)

    def surely_free(self, arn: str) -> bool:
        """Whether no execution can have that ARN."""
        if not self._complete:
            return False
        bits = self._bits
        return not all(bits[place >> 3] & 1 << (place & 7) for place in _places(arn))

    async def fill(self, store: Store) -> None:
        """Take in every name of the store; those that are added meanwhile are in already."""
        if self._complete:
            return
        after: tuple[str, ...] | None = None
        while True:
            rows = await store.scan(EXECUTION_NAME, after=after, limit=_PAGE)
            for row in rows:
                self.add(row.arn)
            if len(rows) < _PAGE:
                break
            after = (rows[-1].arn,)
        self._complete = True


def _places(arn: str) -> tuple[int, int, int]:
    """Where the filter keeps a name: three places from one hash, by double hashing."""
    hashed = hash(arn)
    first, step = hashed & _MASK, hashed >> _BITS & _MASK | 1
    return first, first + step & _MASK, first + 2 * step & _MASK
