"""What a review says of the targets of rules and schedules."""

from __future__ import annotations

import pytest

from stepwell.deploy.targets import (
    RULE_MEMBERS_ELSEWHERE,
    RULE_SERVICES,
    SCHEDULE_MEMBERS_ELSEWHERE,
    SCHEDULE_SERVICES,
)
from stepwell.services.events import targets as events
from stepwell.services.events.dispatch import SERVICES
from stepwell.services.scheduler import targets as scheduler
from stepwell.services.scheduler.calls import TEMPLATED
from tests.deploy.world import reviewed

CLUSTER = "arn:aws:ecs:eu-west-1:000000000000:cluster/c"


def test_the_services_are_those_that_the_servers_have() -> None:
    """What a review takes for a target is what EventBridge and Scheduler take."""
    assert RULE_SERVICES == SERVICES
    assert SCHEDULE_SERVICES == TEMPLATED
    assert RULE_MEMBERS_ELSEWHERE == events.MEMBERS_ELSEWHERE
    assert SCHEDULE_MEMBERS_ELSEWHERE == scheduler.MEMBERS_ELSEWHERE


@pytest.mark.parametrize(
    "arn",
    [
        {"Fn::GetAtt": ["Queue", "Arn"]},
        "arn:aws:sqs:eu-west-1:000000000000:q",
        "not an arn",
        None,
    ],
)
def test_targets_that_may_be_served_are_fine(arn: object) -> None:
    """Served targets, and those whose ARN is not known yet, are no trouble."""
    assert reviewed("AWS::Events::Rule", {"Targets": [{"Id": "t", "Arn": arn}]}) == []
    assert reviewed("AWS::Scheduler::Schedule", {"Target": {"Arn": arn}}) == []


def test_a_schedule_may_call_any_operation() -> None:
    """The universal target is no target of the service scheduler."""
    arn = "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"
    assert reviewed("AWS::Scheduler::Schedule", {"Target": {"Arn": arn}}) == []


def test_targets_elsewhere_are_told_by_place() -> None:
    """Targets that are not served, and members for them, are named with their places."""
    target = {"Arn": CLUSTER, "EcsParameters": {"TaskCount": 1}}
    assert reviewed("AWS::Events::Rule", {"Targets": [{"Arn": {"Ref": "A"}}, target]}) == [
        "Targets[1].EcsParameters: there are no such targets on this server.",
        "Targets[1].Arn: ecs has no targets on this server.",
    ]
    assert len(reviewed("AWS::Scheduler::Schedule", {"Target": target})) == 2
    assert reviewed("AWS::Scheduler::Schedule", {"Target": {"Fn::If": []}}) == []
