"""How often an account may call each operation in a region, where AWS's quotas are asked for.

The numbers are those of the page "Step Functions service quotas" in AWS's developer guide. They are
soft: AWS raises them on request, and by itself. What the page names no bucket for is not bounded:
`StartSyncExecution`, of which it says that capacity grows with demand.

A call over the rate is refused before anything else is looked at, and takes no token.
"""

from __future__ import annotations

from collections.abc import Mapping

from stepwell.engine.buckets import Buckets, Rate, RegionalRate
from stepwell.errors import ServiceError
from stepwell.runtime.ports import Clock
from stepwell.services.api import Answer, Call, Operation, Params


def _same(size: int, per_second: int) -> RegionalRate:
    return RegionalRate(Rate(size, per_second), Rate(size, per_second))


_START = RegionalRate(Rate(1_300, 300), Rate(800, 150))
_TASKS = RegionalRate(Rate(3_000, 500), Rate(1_500, 300))

START, START_EXPRESS = "StartExecution", "StartExecution of an express state machine"
"""The buckets of executions that begin; those of express state machines have one of their own."""

RATES: Mapping[str, RegionalRate] = {
    START: _START,
    START_EXPRESS: _same(6_000, 6_000),
    "CreateActivity": _same(100, 1),
    "CreateStateMachine": _same(100, 1),
    "CreateStateMachineAlias": _same(100, 1),
    "DeleteActivity": _same(100, 1),
    "DeleteStateMachine": _same(100, 1),
    "DeleteStateMachineAlias": _same(100, 1),
    "DeleteStateMachineVersion": _same(100, 1),
    "DescribeActivity": _same(200, 1),
    # AWS's General Reference says 50 per second in every region; the guide is more precise.
    "DescribeExecution": RegionalRate(Rate(300, 15), Rate(250, 10)),
    "DescribeMapRun": _same(200, 1),
    "DescribeStateMachine": _same(200, 20),
    "DescribeStateMachineAlias": _same(200, 1),
    "DescribeStateMachineForExecution": _same(200, 1),
    "GetActivityTask": _TASKS,
    "GetExecutionHistory": _same(400, 20),
    "ListActivities": RegionalRate(Rate(100, 10), Rate(100, 5)),
    "ListExecutions": RegionalRate(Rate(200, 5), Rate(100, 2)),
    "ListMapRuns": _same(100, 1),
    "ListStateMachineAliases": _same(100, 1),
    "ListStateMachineVersions": _same(100, 1),
    "ListStateMachines": _same(100, 5),
    "ListTagsForResource": _same(100, 1),
    "PublishStateMachineVersion": _same(100, 1),
    "RedriveExecution": _START,
    "SendTaskFailure": _TASKS,
    "SendTaskHeartbeat": _TASKS,
    "SendTaskSuccess": _TASKS,
    "StopExecution": RegionalRate(Rate(1_000, 200), Rate(500, 25)),
    "TagResource": _same(200, 1),
    "TestState": _same(50, 10),
    "UntagResource": _same(200, 1),
    "UpdateMapRun": _same(100, 1),
    "UpdateStateMachine": _same(100, 1),
    "UpdateStateMachineAlias": _same(100, 1),
    "ValidateStateMachineDefinition": _same(100, 1),
}


class ApiRates:
    """The buckets of every account in every region."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets = Buckets()

    def take(self, account: str, region: str, name: str) -> None:
        """Take a token from the bucket of that name. Raises ServiceError ThrottlingException."""
        rate = RATES.get(name)
        if rate is None:
            return
        now = self._clock.now()
        bucket = self._buckets.of((account, region, name), rate.at(region), now)
        if not bucket.take(now):
            raise ServiceError("ThrottlingException", "Rate exceeded")

    def limited(self, name: str, operation: Operation) -> Operation:
        """The operation, as often as its rate allows."""

        async def limited(call: Call, params: Params) -> Answer:
            self.take(call.account, call.region, name)
            return await operation(call, params)

        return limited
