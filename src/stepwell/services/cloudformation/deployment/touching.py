"""Notes that an attempt began to change something, so that one made again knows whether it did.

A process may die between a refusal (`already exists`) and the record of it. Made again, the attempt
must not take what somebody else made for its own. So the first call that changes something is noted
in the turn that it joins, and the note is taken back if the call is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stepwell.deploy.resource_type import Cloud
from stepwell.errors import ServiceError

_READING = (
    "BatchGet",
    "Describe",
    "Get",
    "Head",
    "List",
    "Query",
    "Scan",
    "Select",
    "Simulate",
    "Validate",
)


class TouchingCloud:
    """A cloud that tells of the first change made through it; `note` stages it without waiting."""

    def __init__(self, cloud: Cloud, note: Callable[[bool], None], *, touched: bool) -> None:
        self._cloud = cloud
        self._note = note
        self._touched = touched
        self.account = cloud.account
        self.region = cloud.region

    async def call(
        self, service: str, operation: str, params: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See `Cloud`."""
        if self._touched or operation.startswith(_READING):
            return await self._cloud.call(service, operation, params)
        self._touched = True
        self._note(True)
        try:
            return await self._cloud.call(service, operation, params)
        except ServiceError:
            self._touched = False
            self._note(False)
            raise
