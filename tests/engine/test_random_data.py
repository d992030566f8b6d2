"""Random machines whose states shape data: both query languages, paths, expressions and variables.

The machines are those of `test_random`, with data flow drawn for each state. Much of it fails when
it runs, as it should: whatever is drawn, an execution goes on or fails by a name, and what is
folded from its history is the execution.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stepwell.engine.inputs import Input, StopRequested
from stepwell.engine.limits import Limits
from stepwell.values import JsonObject, JsonValue
from tests.engine.play import QUEUE, Play
from tests.engine.test_random import Draw, Machines, possible, tell

STEPS_MAX = 25

PATHS = (
    "$",
    "$..x",
    "$$.State.Name",
    "$$.Execution.Input",
    "States.UUID()",
    "States.MathRandom(1, 9)",
    "States.JsonToString($)",
    "States.Format('{}', $$.Execution.Name)",
)
FAILING_PATHS = (
    "$.x",
    "$.items[0]",
    "$$.Map.Item.Index",
    "States.ArrayLength($.items)",
    "States.StringToJson($.x)",
)
ATOMS = (
    "$states.input",
    "$states.input.x",
    "$states.context.State.Name",
    "$uuid()",
    "$random()",
    "$now()",
    "1",
    "'a'",
    "[3, 1, 2]",
    "{'x': 1}",
    "null",
)
FAILING_ATOMS = ("(1 / 0)", "$error('no')", "function($v) { $v }", "$states.input.items[9]")
FORMS = (
    "{}",
    "{} & {}",
    "{} = {}",
    "[{}, {}]",
    "{{'x': {}, 'items': {}}}",
    "$append({}, {})",
    "{} ? {} : 2",
    "$map({}, function($i) {{ $i & {} }})",
    "($v := {}; [$v, {}])",
)
FAILING_FORMS = ("{} + {}", "{} < {}", "$merge([{}, {}])", "$partition({}, {})", "$lookup({}, {})")
AS_NUMBER, AS_BOOLEAN, AS_ARRAY, AS_IT_IS = "$count({})", "$exists({})", "[{}, 1]", "{}"


class DataMachines(Machines):
    """The same machines; names of variables tell how deep their scope is."""

    def _state(self, depth: int, following: str | None, names: list[str]) -> JsonObject:
        on: dict[str, Any] = {"End": True} if following is None else {"Next": following}
        if self._chance(2):
            return self._with_paths(depth, super()._state(depth, following, names))
        kinds = ["pass", "wait", "ask", "choice", "map", "parallel"]
        kind = self._pick(kinds if depth else kinds[:4])
        if kind == "choice" and following is None:
            kind = "pass"
        state = self._jsonata(kind, depth, following or "", names)
        return state if kind == "choice" else {**state, **on}

    def _with_paths(self, depth: int, state: JsonObject) -> JsonObject:
        """A JSONPath state that also reads and assigns."""
        if state["Type"] in ("Succeed", "Fail"):
            return state
        if self._chance(2):
            state["Assign"] = {self._variable(depth): {"a.$": self._path(depth)}}
        if state["Type"] == "Pass" and self._chance(2):
            state["Parameters"] = {"x.$": self._path(depth), "items.$": self._path(depth)}
        return state

    def _jsonata(self, kind: str, depth: int, following: str, names: list[str]) -> JsonObject:
        state: JsonObject = {"QueryLanguage": "JSONata"}
        if self._chance(2):
            state["Output"] = self._expression(depth)
        if self._chance(2):
            state["Assign"] = {self._variable(depth): self._expression(depth)}
        match kind:
            case "pass":
                return {"Type": "Pass", **state}
            case "wait":
                return {"Type": "Wait", "Seconds": self._expression(depth, AS_NUMBER), **state}
            case "choice":
                rule = {"Condition": self._expression(depth, AS_BOOLEAN), "Next": self._pick(names)}
                return {"Type": "Choice", "Choices": [rule], "Default": following, **state}
            case "ask":
                token = "{% $states.context.Task.Token %}"
                body: JsonObject = {"t": token, "x": self._expression(depth)}
                resource = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
                sent: JsonObject = {"QueueUrl": QUEUE, "MessageBody": body}
                state |= {"Type": "Task", "Resource": resource, "Arguments": sent}
            case "map":
                state |= {"Type": "Map", "Items": self._expression(depth, AS_ARRAY)}
                state["ItemProcessor"] = self._scope(depth - 1)
            case _:
                scopes: list[JsonValue] = [self._scope(depth - 1) for _ in range(2)]
                state |= {"Type": "Parallel", "Branches": scopes}
        return {**state, **self._jsonata_errors(depth, names)}

    def _jsonata_errors(self, depth: int, names: list[str]) -> JsonObject:
        errors: JsonObject = {}
        if self._chance(2):
            errors["Retry"] = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]
        if self._chance(2):
            catcher: JsonObject = {"ErrorEquals": ["States.ALL"], "Next": self._pick(names)}
            if self._chance(2):
                catcher["Assign"] = {self._variable(depth): "{% $states.errorOutput %}"}
            if self._chance(2):
                catcher["Output"] = self._expression(depth)
            errors["Catch"] = [catcher]
        return errors

    def _path(self, depth: int) -> str:
        if self._chance(4):
            return str(self._pick([*FAILING_PATHS, f"${self._known(depth)}.a"]))
        return str(self._pick(list(PATHS)))

    def _expression(self, depth: int, shape: str = AS_IT_IS) -> str:
        """An expression, mostly of the type that is wanted."""
        form = self._pick(list(FAILING_FORMS if self._chance(6) else FORMS))
        made = form.format(self._operand(depth), self._operand(depth))
        return "{% " + (made if self._chance(6) else shape.format(made)) + " %}"

    def _operand(self, depth: int) -> str:
        if self._chance(8):
            return str(self._pick([*FAILING_ATOMS, f"${self._known(depth)}"]))
        return str(self._pick(list(ATOMS)))

    def _variable(self, depth: int) -> str:
        """A variable of this scope."""
        return f"v{depth}{self._pick(['a', 'b'])}"

    def _known(self, depth: int) -> str:
        """A variable of this scope or one around it, which may not be assigned yet."""
        return self._variable(self._number(depth, 2))


@settings(
    max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
@given(draw=st.data())
def test_whatever_data_does_the_fold_is_the_execution(draw: Draw) -> None:
    """Expressions and paths of all kinds give values or named errors, live and folded the same."""
    limits = Limits(
        payload_bytes_max=draw.draw(st.sampled_from([1_000, 262_144])),
        transitions_per_turn_max=draw.draw(st.sampled_from([3, 20])),
        history_events_max=draw.draw(st.sampled_from([60, 300])),
    )
    play = Play(definition=DataMachines(draw).machine(), limits=limits)
    inputs: list[JsonValue] = [{}, {"x": 1, "items": [1, {"x": 2}]}, {"x": "[1]"}, [], "text"]
    play.start(draw.draw(st.sampled_from(inputs)))
    said: list[Input] = []
    for _ in range(STEPS_MAX):
        choices = possible(play)
        if not choices or play.status != "RUNNING":
            break
        told = draw.draw(st.sampled_from([*choices, *said[-2:]]))
        said.append(told)
        tell(play, told)
    tell(play, StopRequested(None, None))
    assert play.status != "RUNNING"
    if play.status == "FAILED":
        assert "EngineBug" not in str(play.details())
