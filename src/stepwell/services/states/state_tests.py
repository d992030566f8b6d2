"""TestState: one state of a definition, run by the same engine as in an execution.

Nothing of it is stored. Without a mock a Task really calls its service, and a Wait really waits,
for five minutes at most.
"""

from __future__ import annotations

from functools import partial

from stepwell.errors import ServiceError
from stepwell.language.inspection_map import ReadData
from stepwell.language.program import TaskState
from stepwell.runtime.item_formats import ReadingFailed, read_items
from stepwell.services.api import Answer, Call, Params
from stepwell.services.states.error_propagation import handed_on
from stepwell.services.states.json_text import complaint
from stepwell.services.states.mock_context import read_context
from stepwell.services.states.refusals import check_payload, invalid
from stepwell.services.states.states import States
from stepwell.services.states.tested_state import TestedState, find_tested_state, names_within
from stepwell.services.states.trial import Mock, Trace, Trial
from stepwell.services.states.verdicts import Verdict
from stepwell.values import BadJson, JsonObject, JsonValue, decode_payload

SECONDS_MAX = 300
_MOCKABLE = ("Task", "Map", "Parallel")


async def test_state(states: States, call: Call, params: Params) -> Answer:
    """Run one state, and show what became of its data."""
    given = params.get("mock")
    tested = find_tested_state(
        params["definition"], params.get("stateName"), mocked=given is not None
    )
    text = params.get("input") or "{}"
    check_payload("input", text)
    try:
        value = decode_payload(text)
    except BadJson as error:
        raise ServiceError(
            "InvalidExecutionInput",
            f"Invalid State Machine Execution Input: '{complaint(text)}'",
        ) from error
    configuration = params.get("stateConfiguration") or {}
    mock = None if given is None else _read_mock(states, tested, given, configuration, params)
    _check_callable(tested, params, mocked=mock is not None)
    context = None
    if params.get("context") is not None:
        if mock is None:
            raise invalid("A Context object can only be provided when a mock is specified")
        context = read_context(params["context"])
        _check_task_of_context(tested, context)
    level = params.get("inspectionLevel") or "INFO"
    trace = Trace(bool(params.get("revealSecrets"))) if level == "TRACE" else None
    begin = partial(
        Trial,
        states,
        call,
        text=text,
        value=value,
        role_arn=params.get("roleArn") or "",
        variables=_read_variables(params.get("variables")),
        context=context,
        retries=_retries(configuration, context),
        trace=trace,
    )
    trial = begin(tested, mock=mock, read=_reader(tested, configuration))
    verdict = await trial.run(within_seconds=SECONDS_MAX)
    failures = configuration.get("mapIterationFailureCount") or 0
    if verdict.status == "FAILED" and not verdict.timed_out:
        await handed_on(verdict, begin, params["definition"], tested, failures)
    return _shown(verdict, level)


test_state.__test__ = False  # type: ignore[attr-defined]


def _read_mock(
    states: States,
    tested: TestedState,
    given: JsonObject,
    configuration: JsonObject,
    params: Params,
) -> Mock:
    if params.get("revealSecrets"):
        raise invalid("TestState does not support RevealSecrets when a mock is specified.")
    if tested.type not in _MOCKABLE:
        raise invalid(f"State type '{tested.type}' is not supported when a mock is specified")
    text, error = given.get("result"), given.get("errorOutput")
    if (text is None) == (error is None):
        raise invalid(
            "A test mock should have only one of the following fields: [result, errorOutput]."
        )
    _check_origin(tested, configuration.get("errorCausedByState"))
    if isinstance(error, dict):
        if error.get("error") is None:
            raise invalid("A mocked errorOutput must have the field error")
        return Mock(error=_optional(error.get("error")), cause=_optional(error.get("cause")))
    try:
        value = decode_payload(str(text))
    except BadJson as bad:
        raise invalid("Mocked result must be valid JSON") from bad
    _check_mocked(states, tested, value, str(given.get("fieldValidationMode") or "STRICT"))
    failures = configuration.get("mapIterationFailureCount")
    if tested.type == "Map" and isinstance(failures, int):
        if isinstance(value, list) and failures > len(value):
            raise invalid(
                "Map iteration failure count must be less than or equal to the number of Map"
                " iterations"
            )
        return Mock(text=str(text), value=value, failures=failures)
    return Mock(text=str(text), value=value)


def _check_origin(tested: TestedState, name: JsonValue) -> None:
    """An error of a Map or Parallel comes from a state within it."""
    flow = tested.type in ("Map", "Parallel")
    if isinstance(name, str) and flow and name not in names_within(tested.source):
        raise invalid("The state of errorCausedByState was not found in the tested state")


def _check_task_of_context(tested: TestedState, context: JsonObject) -> None:
    """Only a task that hands out a token has one in its context."""
    state = tested.compiled
    tokened = isinstance(state, TaskState) and state.resource.pattern != ""
    if "Task" in context and not tokened:
        raise invalid(
            "Context object contains 'Task' when state is not a Task state with a '.sync' or"
            " '.waitForTaskToken' service integration pattern"
        )


def _retries(configuration: JsonObject, context: JsonObject | None) -> int:
    """How many retries there were: as configured, or as the context object says."""
    configured = configuration.get("retrierRetryCount")
    if configured is None and context is not None:
        state = context.get("State")
        configured = state.get("RetryCount") if isinstance(state, dict) else None
    return int(configured) if isinstance(configured, int | float) else 0


def _check_mocked(states: States, tested: TestedState, value: JsonValue, mode: str) -> None:
    if isinstance(tested.compiled, TaskState):
        if mode != "NONE":
            resource = tested.compiled.resource
            complained = states.mock_complaint(resource, value, strict=mode == "STRICT")
            if complained is not None:
                raise invalid(complained)
        return
    writer = tested.source.get("ResultWriter")
    if isinstance(writer, dict) and "Resource" in writer:
        if not isinstance(value, dict):
            raise invalid("Mocked result must be a JSON object.")
        return
    if not isinstance(value, list):
        raise invalid("Mocked result must be an array.")
    branches = tested.source.get("Branches")
    if isinstance(branches, list) and len(branches) != len(value):
        raise invalid(
            "Mocked result must contain the same number of items as number of Parallel branches."
        )


def _check_callable(tested: TestedState, params: Params, *, mocked: bool) -> None:
    """Without a mock a Task is called, and Map and Parallel can't be tested."""
    if mocked:
        return
    if tested.type in ("Map", "Parallel"):
        raise ServiceError(
            "InvalidDefinition",
            "TestState API does not support Map or Parallel states. Supported state types include:"
            " [Task, Wait, Pass, Succeed, Fail, Choice]",
        )
    if not isinstance(tested.compiled, TaskState):
        return
    if not params.get("roleArn"):
        raise invalid("RoleArn must be specified when testing a Task state")
    resource = tested.compiled.resource
    if resource.kind == "activity" or resource.pattern:
        raise invalid(
            "TestState API only supports activities and the patterns .sync and .waitForTaskToken"
            " when a mock is specified"
        )


def _read_variables(text: str | None) -> JsonObject:
    if text is None:
        return {}
    try:
        found = decode_payload(text)
    except BadJson as error:
        raise invalid("Variables must be valid JSON") from error
    if not isinstance(found, dict):
        raise invalid("Variables must be a JSON object")
    return found


def _reader(tested: TestedState, configuration: JsonObject) -> ReadData | None:
    """Reads what the ItemReader would have read."""
    text = configuration.get("mapItemReaderData")
    reader = tested.source.get("ItemReader")
    if not isinstance(text, str) or not isinstance(reader, dict):
        return None
    config = reader.get("ReaderConfig")
    try:
        items = list(read_items(text.encode(), config if isinstance(config, dict) else {}))
    except ReadingFailed as failed:
        raise invalid(f"Invalid mapItemReaderData: {failed.cause}") from failed
    return lambda: items


def _optional(value: JsonValue) -> str | None:
    return None if value is None else str(value)


def _shown(verdict: Verdict, level: str) -> JsonObject:
    answer: JsonObject = {"status": verdict.status}
    for name, text in (
        ("output", verdict.output),
        ("error", verdict.error),
        ("cause", verdict.cause),
        ("nextState", verdict.next_state),
    ):
        if text is not None:
            answer[name] = text
    if level != "INFO":
        answer["inspectionData"] = verdict.inspection
    return answer
