"""The language's tables of `aws-sdk:` actions say what the service models and the services say."""

from __future__ import annotations

import pytest

from stepwell.engine.limits import Limits
from stepwell.integrations.aws_sdk_names import error_prefix, member_name, resource_name
from stepwell.language.sdk_actions import ACTIONS, aws_has
from stepwell.models.service_model import known_services, load
from stepwell.runtime.clock import SystemClock
from stepwell.server import Core
from stepwell.services.sts import sts_service
from stepwell.stores.memory import MemoryDisk, MemoryStore
from stepwell.stores.migrations.declared import declared_tables
from stepwell.testing.virtual import SeededIds, VirtualClock

MODELS = {resource_name(load(name)): load(name) for name in known_services()}


def small(name: str) -> str:
    """An operation's name as an action."""
    return name[0].lower() + name[1:]


def test_the_services_are_those_with_a_model() -> None:
    """A service that comes to this server gets its actions listed."""
    assert ACTIONS.keys() == MODELS.keys()


@pytest.mark.parametrize("service", sorted(ACTIONS))
def test_actions_and_parameters_are_the_models(service: str) -> None:
    """Every operation with every member, those that are required marked."""
    model = MODELS[service]
    expected = {}
    for name, operation in model.operations.items():
        shape = None if operation.input is None else model.shape(operation.input)
        members = () if shape is None else shape.members
        required = () if shape is None else shape.required
        expected[small(name)] = (
            {member_name(member) for member in members},
            {member_name(member) for member in required},
        )
    assert {
        name: (set(action.parameters), set(action.required))
        for name, action in ACTIONS[service].items()
    } == expected


def test_what_runs_here_is_what_the_services_offer() -> None:
    """An operation that a service gets, or loses, is said so in the table."""
    clock = VirtualClock()
    store = MemoryStore(declared_tables(), MemoryDisk())
    core = Core(store, clock=clock, ids=SeededIds(), alarm=clock, limits=Limits())
    sts = sts_service(issue=lambda *_: pytest.fail("not called"), now=SystemClock().now)
    offered = {
        resource_name(load(service.name)): {small(name) for name in service.operations}
        for service in (*core.services(), sts)
    }
    assert {
        service: {name for name, action in actions.items() if action.runs_here}
        for service, actions in ACTIONS.items()
    } == offered


@pytest.mark.parametrize(
    ("service", "action", "known"),
    [
        ("dynamodb", "putItem", True),
        ("eventbridge", "putEvents", True),
        ("secretsmanager", "anything", True),
        ("sqs", "sendMessage", True),
        ("sqs", "sendMessages", False),
        ("states", "startExecution", False),
        ("events", "putEvents", False),
        ("nosuchservice", "get", False),
    ],
)
def test_what_aws_has_is_told_from_what_nobody_has(service: str, action: str, known: bool) -> None:
    """Names are the SDK's, not those of optimised integrations."""
    assert aws_has(service, action) is known


def test_errors_begin_with_the_services_name_in_one_case() -> None:
    """Sfn, Sqs, Sts: not SFN, SQS, STS."""
    assert {service: error_prefix(model) for service, model in MODELS.items()} == {
        "sfn": "Sfn",
        "sqs": "Sqs",
        "sts": "Sts",
    }
