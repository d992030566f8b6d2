"""Lint for one state that waits for somebody outside: a task token, or an activity's worker.

A Parallel or Map state that waits for tokens within is looked at for its retries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stepwell.language.diagnostics import WARNING, Diagnostic
from stepwell.language.program import Resource
from stepwell.language.references import inner_scopes
from stepwell.language.resources import TOKEN, parse_resource
from stepwell.values import JsonObject, JsonValue

TOKEN_WAIT_UNBOUNDED = "TOKEN_WAIT_UNBOUNDED"
TOKEN_NOT_SENT = "TOKEN_NOT_SENT"
TOKEN_DOUBLED_BY_RETRY = "TOKEN_DOUBLED_BY_RETRY"
WAIT_OUTLIVES_MESSAGE = "WAIT_OUTLIVES_MESSAGE"
ACTIVITY_UNBOUNDED = "ACTIVITY_UNBOUNDED"

_TIMEOUTS = ("States.ALL", "States.Timeout", "States.HeartbeatTimeout")
_BOUNDS = ("TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath")

# The token, or a part of the context object that holds it. Other parts surely don't.
_OTHERS = r"(?:Execution|StateMachine|State|Map)\b"
_IN_JSONPATH = re.compile(rf"\$\$(?!\s*(?:\.\s*|\[\s*['\"])(?:{_OTHERS}))")
_IN_JSONATA = re.compile(rf"\$states\b(?!\s*\.)|\$states\s*\.\s*context\b(?!\s*\.\s*{_OTHERS})")


@dataclass(frozen=True, slots=True)
class Linted:
    """A state, where it stands, the query language in force, and whether the machine times out."""

    name: str
    state: JsonObject
    pointer: str
    language: JsonValue
    machine_has_timeout: bool

    def warning(self, code: str, message: str, place: str, hint: str) -> Diagnostic:
        """A warning at a place within the state."""
        return Diagnostic(WARNING, code, message, f"{self.pointer}{place}", hint=hint)


def task_findings(
    linted: Linted, find_retention: Callable[[str], int | None] | None
) -> list[Diagnostic]:
    """Everything there is to say about a state that waits; nothing about any other."""
    if linted.state.get("Type") in ("Parallel", "Map"):
        return list(_doubled_tokens_within(linted))
    resource = waiting_resource(linted.state)
    if resource is None:
        return []
    if resource.kind == "activity":
        return list(_unbounded_activity(linted))
    if resource.pattern != TOKEN:
        return []
    return [
        *_unbounded_wait(linted),
        *_unsent_token(linted),
        *_doubled_token(linted),
        *_outlived_message(linted, resource, find_retention),
    ]


def waiting_resource(state: JsonObject) -> Resource | None:
    """The resource of a Task, if AWS knows it."""
    arn = state.get("Resource")
    if state.get("Type") != "Task" or not isinstance(arn, str):
        return None
    return parse_resource(arn)


def _unbounded_wait(linted: Linted) -> Iterator[Diagnostic]:
    if any(name in linted.state for name in _BOUNDS):
        return
    end = "this waits for ever"
    if linted.machine_has_timeout:
        end = "only the timeout of the whole execution ends this, and nothing can catch that"
    yield linted.warning(
        TOKEN_WAIT_UNBOUNDED,
        f"The state '{linted.name}' waits for a task token without TimeoutSeconds or "
        f"HeartbeatSeconds: when the answer is lost, {end}",
        "",
        "add TimeoutSeconds (how long the work may take), HeartbeatSeconds (how long the worker "
        "may be silent), or both",
    )


def _unbounded_activity(linted: Linted) -> Iterator[Diagnostic]:
    if any(name in linted.state for name in _BOUNDS):
        return
    yield linted.warning(
        ACTIVITY_UNBOUNDED,
        f"The activity of the state '{linted.name}' has neither TimeoutSeconds nor "
        "HeartbeatSeconds: when a worker dies with the task, nobody notices",
        "",
        "add HeartbeatSeconds or TimeoutSeconds; both count from when a worker takes the task, so "
        "add TimeoutSeconds to the machine for the case that none comes",
    )


def _unsent_token(linted: Linted) -> Iterator[Diagnostic]:
    jsonata = linted.language == "JSONata"
    field = "Arguments" if jsonata else "Parameters"
    payload = linted.state.get(field)
    if (_mentions_in_jsonata if jsonata else _mentions_in_jsonpath)(payload):
        return
    if not jsonata and _reads_the_context(linted.state.get("InputPath"), payload):
        return
    example = '"TaskToken.$": "$$.Task.Token"'
    if jsonata:
        example = '"TaskToken": "{% $states.context.Task.Token %}"'
    hint = f"put the token into what is sent, as in {example}"
    if not jsonata and _written_without_mark(payload):
        hint = "a value is only evaluated when the name of its field ends in '.$'"
    if jsonata and _written_without_marks(payload):
        hint = f"a value is only evaluated between {{% and %}}, as in {example}"
    yield linted.warning(
        TOKEN_NOT_SENT,
        f"The state '{linted.name}' waits for its task token, but its {field} never mention the "
        "token: nobody can answer",
        f"/{field}" if field in linted.state else "",
        hint,
    )


def _mentions_in_jsonpath(template: JsonValue) -> bool:
    """Whether an evaluated member holds the token, also inside an intrinsic function."""
    return any(
        name.endswith(".$") and _IN_JSONPATH.search(text) is not None
        for name, text in _texts("", template)
    )


def _reads_the_context(input_path: JsonValue, template: JsonValue) -> bool:
    """Whether the state's input is the context object, and something of it is sent."""
    if not isinstance(input_path, str) or _IN_JSONPATH.search(input_path) is None:
        return False
    return template is None or any(name.endswith(".$") for name, _ in _texts("", template))


def _written_without_marks(template: JsonValue) -> bool:
    return any("Task.Token" in text for _, text in _texts("", template) if text[:2] != "{%")


def _written_without_mark(template: JsonValue) -> bool:
    return any("$$.Task" in text for name, text in _texts("", template) if name[-2:] != ".$")


def _mentions_in_jsonata(template: JsonValue) -> bool:
    """Whether an expression holds the token, or a part of the context that does."""
    return any(
        text.startswith("{%") and _IN_JSONATA.search(text) is not None
        for _, text in _texts("", template)
    )


def _texts(name: str, value: JsonValue) -> Iterator[tuple[str, str]]:
    """Every text within a value, with the name of the member that holds it."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        for item in value:
            yield from _texts("", item)
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _texts(key, member)


def _doubled_token(linted: Linted) -> Iterator[Diagnostic]:
    """A retry after a timeout of the wait itself."""
    found = _retry_on_timeouts(linted.state)
    if found is not None:
        index, name = found
        yield linted.warning(
            TOKEN_DOUBLED_BY_RETRY,
            f"A retry on {name} sends a second token while a worker may still be at work with the "
            f"first: the work may be done twice, and the answer to the first token of "
            f"'{linted.name}' is refused",
            f"/Retry[{index}]",
            'put a retrier with ErrorEquals ["States.Timeout"] and MaxAttempts 0 first, and catch '
            "the timeout instead; or make the work idempotent",
        )


def _doubled_tokens_within(linted: Linted) -> Iterator[Diagnostic]:
    """A retry of the state around begins everything within anew, whatever is waited for there."""
    found = _retry_on_timeouts(linted.state)
    waiting = _token_wait_within(linted.state) if found is not None else ""
    if found is not None and waiting:
        index, name = found
        yield linted.warning(
            TOKEN_DOUBLED_BY_RETRY,
            f"A retry of '{linted.name}' on {name} begins everything within anew: '{waiting}' "
            "sends a second token while a worker may still be at work with the first, whose "
            "answer is refused",
            f"/Retry[{index}]",
            "retry the states within that may fail, and catch their timeouts there; or make the "
            "work idempotent",
        )


def _retry_on_timeouts(state: JsonObject) -> tuple[int, str] | None:
    """The first retrier that meets a timeout decides; one that never retries shields the rest."""
    retriers = state.get("Retry")
    for index, retrier in enumerate(retriers if isinstance(retriers, list) else ()):
        names = retrier.get("ErrorEquals") if isinstance(retrier, dict) else None
        if not isinstance(retrier, dict) or not isinstance(names, list):
            continue
        met = [name for name in _TIMEOUTS if name in names]
        if not met:
            continue
        if retrier.get("MaxAttempts") != 0:
            return index, met[0]
        if met != ["States.HeartbeatTimeout"]:
            return None
    return None


def _token_wait_within(state: JsonObject) -> str:
    """The name of a state within that waits for a token, or the empty text."""
    pending = list(inner_scopes(state))
    while pending:
        states = pending.pop(0).get("States")
        for name, inner in states.items() if isinstance(states, dict) else ():
            if not isinstance(inner, dict):
                continue
            resource = waiting_resource(inner)
            if resource is not None and resource.pattern == TOKEN:
                return name
            pending += inner_scopes(inner)
    return ""


def _outlived_message(
    linted: Linted, resource: Resource, find_retention: Callable[[str], int | None] | None
) -> Iterator[Diagnostic]:
    """A message that nobody fetches is dropped, and its token with it."""
    payload = linted.state.get("Arguments" if linted.language == "JSONata" else "Parameters")
    url = payload.get("QueueUrl") if isinstance(payload, dict) else None
    is_queue = resource.service.endswith("sqs") and resource.action == "sendMessage"
    if find_retention is None or not is_queue or not isinstance(url, str):
        return
    if any(name.endswith("Path") and name in linted.state for name in _BOUNDS):
        return
    bounds = [v for name in _BOUNDS if type(v := linted.state.get(name)) is int]
    if len(bounds) < sum(name in linted.state for name in _BOUNDS):
        return
    kept = find_retention(url)
    if kept is None or (bounds and min(bounds) <= kept):
        return
    waits = f"up to {min(bounds)} seconds" if bounds else "without end"
    yield linted.warning(
        WAIT_OUTLIVES_MESSAGE,
        f"The state '{linted.name}' waits {waits}, but the queue {url.rpartition('/')[2]} keeps "
        f"its messages only {kept} seconds: a message that is not fetched by then is gone, with "
        "the token in it",
        "",
        f"wait {kept} seconds at most, or raise the queue's MessageRetentionPeriod",
    )
