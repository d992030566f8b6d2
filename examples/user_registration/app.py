"""The app and what must be seen of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from examples.kit import ACCOUNT, REGION, World, see

FUNCTIONS = Path(__file__).parent / "functions"
SYSTEMS = {"AD": "AD", "Products": "products", "Promotions": "promotions"}
RETRY = [
    {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 10, "MaxAttempts": 2, "BackoffRate": 1.5}
]
CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "RollbackRegistration"}]
USER = {
    "firstname": "John",
    "lastname": "Doe",
    "username": "jdoe",
    "email": "jdoe@test.com",
    "phone": "123456",
}


def arn(name: str) -> str:
    """The ARN of one of the app's functions."""
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def branch(system: str, function: str) -> dict[str, Any]:
    """The branch that registers the user in one system."""
    state = f"RegisterUserIn{system}"
    task = {"Type": "Task", "Resource": arn(function), "Retry": RETRY, "End": True}
    return {"StartAt": state, "States": {state: task}}


DEFINITION = {
    "StartAt": "RegisterUser",
    "States": {
        "RegisterUser": {
            "Type": "Parallel",
            "Branches": [branch(s, f"register-user-in-{n}") for s, n in SYSTEMS.items()],
            "Catch": CATCH,
            "Next": "SendEmailNotification",
        },
        "SendEmailNotification": {
            "Type": "Task",
            "Resource": arn("send-email-notification"),
            "Catch": CATCH,
            "End": True,
        },
        "RollbackRegistration": {
            "Type": "Task",
            "Resource": arn("rollback-register-flow"),
            "End": True,
        },
    },
}


def run(world: World) -> None:
    """Success, a failure that passes, a failure that stays, and a mail that can't be sent."""
    for system, name in SYSTEMS.items():
        world.function(
            f"register-user-in-{name}",
            FUNCTIONS,
            "index.register",
            "nodejs20.x",
            environment={"SYSTEM": system},
        )
    world.function("send-email-notification", FUNCTIONS, "index.notify", "nodejs20.x")
    world.function("rollback-register-flow", FUNCTIONS, "index.rollback", "nodejs20.x")
    machine = world.machine("user-registration", DEFINITION)
    _passing_trouble(world, machine)
    _success(world, machine)
    _lasting_trouble(world, machine)
    _no_mail(world, machine)


def _success(world: World, machine: str) -> None:
    ended = world.ended(world.start(machine, USER))
    see("status", ended["status"], "SUCCEEDED")
    wanted = {"sent": True, "to": USER["email"], "systems": list(SYSTEMS)}
    see("mail", json.loads(ended["output"]), wanted)
    world.say("all three systems know the user, the mail is out")


def _passing_trouble(world: World, machine: str) -> None:
    execution = world.start(machine, USER | {"trouble": {"Products": "once"}})
    world.happened(execution, "LambdaFunctionFailed")
    world.happened(execution, "LambdaFunctionSucceeded", 2)
    world.skip(10)
    ended = world.ended(execution)
    see("status", ended["status"], "SUCCEEDED")
    see("states", world.states(execution)[-1], "SendEmailNotification")
    world.say("one system failed once, and was asked again 10 seconds later")


def _lasting_trouble(world: World, machine: str) -> None:
    execution = world.start(machine, USER | {"trouble": {"Promotions": "always"}})
    world.happened(execution, "LambdaFunctionSucceeded", 2)
    for attempt, pause in ((1, 10), (2, 15)):
        world.happened(execution, "LambdaFunctionFailed", attempt)
        world.skip(pause)
    ended = world.ended(execution)
    see("status", ended["status"], "SUCCEEDED")
    see("attempts", _failures(world, execution), 3)
    see("states", world.states(execution)[-1], "RollbackRegistration")
    because = {"rolledBack": True, "because": "Promotions is out of order"}
    see("rollback", json.loads(ended["output"]), because)
    world.say("one system failed three times, and all was rolled back")


def _failures(world: World, execution: str) -> int:
    return sum(e["type"] == "LambdaFunctionFailed" for e in world.history(execution))


def _no_mail(world: World, machine: str) -> None:
    ended = world.ended(world.start(machine, USER | {"email": "nobody@test.com"}))
    because = {"rolledBack": True, "because": "no such mailbox"}
    see("rollback", json.loads(ended["output"]), because)
    world.say("the mail could not be sent, and all was rolled back")
