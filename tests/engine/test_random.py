"""Random machines in a random world: whatever happens, the fold of the history is the execution.

`Play` checks after every decision that the execution folded from its stored events is the live one
and that timers, tokens and offers fit what is waited for. Here machines and worlds are drawn at
random, every input may come twice or late, and the folded execution goes on in place of the live
one now and then, as it does after a restart.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stepwell.engine.decide import decide
from stepwell.engine.inputs import (
    ActivityTaken,
    Input,
    StopRequested,
    TaskAnswered,
    TaskCompleted,
    TaskFailed,
    TaskRefused,
    TimerFired,
)
from stepwell.engine.limits import Limits, World
from stepwell.values import JsonObject, JsonValue
from tests.engine.play import Play, ask, both, child, fails, passes, picture, send, waits, work

STEPS_MAX = 40
ERRORS = ("E", "F", "States.Timeout", None)

Draw = st.DataObject


class Machines:
    """Draws a definition; every state has a name of its own."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._count = 0

    def machine(self) -> JsonObject:
        """A whole machine, with a timeout now and then."""
        machine = self._scope(depth=2)
        if self._chance(4):
            machine["TimeoutSeconds"] = 100
        return machine

    def _scope(self, depth: int) -> JsonObject:
        """A line of states that ends, with ways back and out."""
        names = [self._name() for _ in range(self._number(1, 4))]
        states: JsonObject = {}
        for place, name in enumerate(names):
            following = names[place + 1] if place + 1 < len(names) else None
            states[name] = self._state(depth, following, names)
        return {"StartAt": names[0], "States": states}

    def _state(self, depth: int, following: str | None, names: list[str]) -> JsonObject:
        on: dict[str, Any] = {} if following is None else {"Next": following}
        kinds = ["pass", "wait", "ask", "send", "work", "child", "bad"]
        if depth:
            kinds += ["parallel"] * 3 + ["map"] * 2
        kinds.append("choice" if following is not None else "fail")
        match self._pick(kinds):
            case "pass":
                return passes(**on, **self._shape())
            case "wait":
                return waits(self._number(0, 20), **on)
            case "choice":
                back: JsonObject = {"Variable": "$.x", "IsPresent": True, "Next": self._pick(names)}
                return {"Type": "Choice", "Choices": [back], "Default": following}
            case "fail":
                return fails(self._pick(["E", "F"]))
            case "bad":
                return passes(**on, InputPath="$.x")
            case "parallel":
                scopes: list[Any] = [self._scope(depth - 1) for _ in range(self._number(1, 3))]
                state = both(**on, **self._errors(names))
                return {**state, "Branches": scopes}
            case "map":
                shaping = self._pick(
                    [{}, {"ResultSelector": {"n.$": "$[0]"}}, {"ResultPath": "$.m"}]
                )
                return {
                    "Type": "Map",
                    "ItemProcessor": self._scope(depth - 1),
                    "MaxConcurrency": self._number(0, 2),
                    "Parameters": {"item.$": "$$.Map.Item.Value", "x.$": "$"},
                    **({"End": True} if following is None else on),
                    **self._errors(names),
                    **shaping,
                    **({"ItemsPath": "$.items"} if self._chance(3) else {}),
                }
            case kind:
                make = {"ask": ask, "send": send, "work": work, "child": child}[kind]
                return make(**on, **self._clocks(), **self._errors(names))

    def _shape(self) -> dict[str, Any]:
        shapes: list[dict[str, Any]] = [
            {},
            {"Result": {"x": 1}},
            {"Result": "y" * 300},
            {"Result": 7, "ResultPath": "$.r"},
        ]
        return dict(self._pick(shapes))

    def _clocks(self) -> dict[str, Any]:
        clocks: list[dict[str, Any]] = [
            {},
            {"TimeoutSeconds": 30},
            {"HeartbeatSeconds": 9},
            {"TimeoutSeconds": 30, "HeartbeatSeconds": 9},
        ]
        return dict(self._pick(clocks))

    def _errors(self, names: list[str]) -> dict[str, Any]:
        errors: dict[str, Any] = {}
        if self._chance(2):
            retrier: dict[str, Any] = {"MaxAttempts": self._number(0, 2)}
            if self._chance(2):
                retrier["JitterStrategy"] = "FULL"
            errors["Retry"] = [{"ErrorEquals": ["E"]}, {"ErrorEquals": [self._wide()], **retrier}]
        if self._chance(2):
            catcher: dict[str, Any] = {"ErrorEquals": [self._wide()], "Next": self._pick(names)}
            if self._chance(2):
                catcher["ResultPath"] = "$.error.again"
            errors["Catch"] = [catcher]
        return errors

    def _wide(self) -> str:
        return str(self._pick(["States.ALL", "States.TaskFailed", "States.Timeout", "F"]))

    def _name(self) -> str:
        self._count += 1
        return f"S{self._count}"

    def _number(self, low: int, high: int) -> int:
        return self._draw.draw(st.integers(low, high))

    def _chance(self, out_of: int) -> bool:
        return self._number(1, out_of) == 1

    def _pick(self, among: list[Any]) -> Any:
        return self._draw.draw(st.sampled_from(among))


def possible(play: Play) -> list[Input]:
    """What the world may say now: to those who wait, and to some who do not."""
    told: list[Input] = []
    for timer in play.timers.values():
        told.append(TimerFired(timer.branch, timer.kind, timer.event))
        if timer.kind == "heartbeat":
            told.append(TimerFired(timer.branch, timer.kind, timer.event, play.now - 1))
    for call in list(play.calls.values())[-6:]:
        told.append(TaskAnswered(call.branch, call.event, {"x": 2}))
        told.append(TaskRefused(call.branch, call.event, "E", "c"))
    for token in list(play.open.values())[-6:]:
        told.append(TaskCompleted(token.branch, token.event, '{"x":3}', {"x": 3}))
        told.extend(TaskFailed(token.branch, token.event, error, None) for error in ERRORS)
    for offer in play.offers.values():
        told += [ActivityTaken(offer.branch, offer.event, "w")]
    return told


def tell(play: Play, given: Input) -> None:
    """Tell it as the runtime does: what fires or is taken is off the list first."""
    if isinstance(given, TimerFired):
        timer = play.timers.get((given.branch, given.kind))
        if timer is not None and timer.event == given.event:
            del play.timers[given.branch, given.kind]
            play.now = max(play.now, timer.due_at)
    elif isinstance(given, ActivityTaken):
        play.offers.pop(given.event, None)
    folded = play.folded()
    live = play.tell(given)
    again = decide(folded, given, play.now, play.limits, play.world)
    assert [(e.body(), e.note_text()) for e in again.events] == [
        (e.body(), e.note_text()) for e in live.events
    ], "the folded execution decides the same"
    assert again.commands == live.commands
    assert picture(folded) == picture(play.execution)


class Late:
    """A pace at which every state is entered so many milliseconds later."""

    def __init__(self, milliseconds: int) -> None:
        self._milliseconds = milliseconds

    def charge(self, now: int) -> None:
        """See `Pace`."""

    def turn_at(self, now: int) -> int:
        """See `Pace`."""
        return now + self._milliseconds


@settings(
    max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
@given(draw=st.data())
def test_fold_is_the_execution(draw: Draw) -> None:
    """Live and folded executions are the same and decide the same, all the way."""
    limits = Limits(
        payload_bytes_max=draw.draw(st.sampled_from([400, 262_144])),
        transitions_per_turn_max=draw.draw(st.sampled_from([1, 3, 20])),
        history_events_max=draw.draw(st.sampled_from([None, 40])),
    )
    pace = draw.draw(st.sampled_from([None, Late(0), Late(700)]))
    world = World(activity_exists=lambda arn: exists, pace=pace)
    exists = draw.draw(st.booleans())
    play = Play(definition=Machines(draw).machine(), limits=limits, world=world)
    inputs: list[JsonValue] = [{}, {"x": 1, "items": [1, {"x": 2}, "y"]}, [], [1, 2, 3], "text"]
    play.start(draw.draw(st.sampled_from(inputs)))
    said: list[Input] = []
    for _ in range(STEPS_MAX):
        choices = possible(play)
        if not choices or play.status != "RUNNING":
            break
        given = draw.draw(st.sampled_from([*choices, *said[-3:]]))
        said.append(given)
        tell(play, given)
    if play.status == "RUNNING" and draw.draw(st.booleans()):
        play.world = World(machine_deleted=True)
    tell(play, StopRequested(None, None))
    assert play.status != "RUNNING"
    for late in said[-10:]:
        tell(play, late)
