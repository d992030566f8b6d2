"""Every definition that other people wrote and that compiles, run in a generic world.

The corpus is shared material beside the working copy. Tasks of services that are not here become
activities or messages, so that nearly all of it runs. The input, and what each task answers, holds
something at every path that the definition speaks of. What an execution comes to does not matter
here: it goes on or fails by a name, in milliseconds, and its fold is the execution (`Play` looks at
that).
"""

from __future__ import annotations

import copy
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stepwell.engine.inputs import TaskCompleted, TaskRefused, TimerFired
from stepwell.language.check import check_definition
from stepwell.language.diagnostics import ERROR
from stepwell.language.resources import parse_resource, runs_here
from stepwell.values import JsonObject, JsonValue, encode_text
from tests.engine.play import ACTIVITY, QUEUE, Play
from tests.engine.test_map_run import MapPlay
from tests.shared import require_shared, shared_path

STEPS_MAX = 60
RUN_COUNT_MIN = 1_100
MILLISECONDS_MAX = 20
"""For one input of an execution on average, on a busy machine; mostly it is less than one."""

_PATH = re.compile(r"\$(?:states\.(?:input|result|context\.Execution\.Input))?\.([\w.\[\]*-]+)")
_PART = re.compile(r"[\w-]+|\[[^]]*\]")
LEAVES: tuple[JsonValue, ...] = ("text", 3, [1, {"a": 2}], True, "2031-01-01T00:00:00Z", {"b": []})

Answer = Callable[[Play], None]


def definitions() -> Iterator[tuple[str, JsonObject]]:
    """The corpus, with what is not here made to run."""
    for path in sorted(shared_path("corpus", "definitions").glob("*.json")):
        fixture = json.loads(path.read_text())
        if isinstance(fixture.get("definition"), dict):
            yield path.name, runnable(fixture["definition"])


def runnable(value: Any) -> Any:
    """The same where tasks that do not run here are done by workers."""
    if isinstance(value, list):
        return [runnable(member) for member in value]
    if not isinstance(value, dict):
        return value
    changed = {name: runnable(member) for name, member in value.items()}
    arn = changed.get("Resource")
    if changed.get("Type") == "Task" and isinstance(arn, str):
        resource = parse_resource(arn)
        if resource is None or not runs_here(resource):
            changed.update(replacement(changed, arn))
        changed.pop("Credentials", None)
    return changed


def replacement(task: dict[str, Any], arn: str) -> dict[str, Any]:
    """An activity, or where a token is sent a queue that it is sent to."""
    if not arn.endswith(".waitForTaskToken"):
        return {"Resource": ACTIVITY}
    name = "Arguments" if "Arguments" in task else "Parameters"
    sent = {"QueueUrl": QUEUE, "MessageBody": task.get(name, "hello")}
    return {"Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", name: sent}


def generic(definition: JsonObject, variant: int) -> JsonValue:
    """A value with something at every plain path of the definition."""
    value: JsonObject = {}
    for count, found in enumerate(sorted(set(_PATH.findall(encode_text(definition))))):
        leaf = copy.deepcopy(LEAVES[(count + variant) % len(LEAVES)])
        put(value, _PART.findall(found), leaf)
    return value


def put(value: JsonObject, parts: list[str], leaf: JsonValue) -> None:
    """Put a leaf at a place, unless something is there already."""
    inner = value
    for place, part in enumerate(parts):
        rest = parts[place + 1 :]
        if part.startswith("["):
            return
        if not rest:
            inner.setdefault(part, leaf)
        elif rest[0].startswith("["):
            item: JsonObject = {}
            put(item, rest[1:], leaf)
            inner.setdefault(part, [item])
        else:
            following = inner.setdefault(part, {})
            if not isinstance(following, dict):
                return
            inner = following


def succeed(value: JsonValue) -> Answer:
    """Tasks come to this."""

    def tell(play: Play) -> None:
        token = play.open[max(play.open)]
        play.tell(TaskCompleted(token.branch, token.event, encode_text(value), value))

    return tell


def fail(play: Play) -> None:
    """Tasks fail."""
    play.fail("Boom", "because")


def step(play: MapPlay, value: JsonValue, answer: Answer | None) -> bool:
    """Tell the next thing: whatever was asked for is answered, else the next timer fires."""
    if play.runs:
        broken = answer is fail
        play.end(None if broken else encode_text([value]), "Boom" if broken else None)
        play.runs.pop()
    elif play.calls:
        call = play.calls.pop(max(play.calls))
        if answer is fail:
            play.tell(TaskRefused(call.branch, call.event, "Boom", "because"))
        else:
            play.answer(value, call)
    elif play.offers:
        play.take()
    elif play.open and answer is not None:
        answer(play)
    elif play.timers:
        timer = min(play.timers.values(), key=lambda timer: (timer.due_at, timer.event))
        del play.timers[timer.branch, timer.kind]
        play.now = max(play.now, timer.due_at)
        play.tell(TimerFired(timer.branch, timer.kind, timer.event))
    else:
        return False
    return play.status == "RUNNING"


def run(definition: JsonObject, variant: int, how: str) -> tuple[str, int]:
    """The status it comes to, and how many inputs that took."""
    value = generic(definition, variant)
    play = MapPlay(definition=definition)
    play.checking = False
    play.start(value)
    answer = {"succeed": succeed(value), "echo": succeed({}), "fail": fail, "silent": None}[how]
    steps = 1
    while steps < STEPS_MAX and play.status == "RUNNING" and step(play, value, answer):
        steps += 1
    play.check()
    return play.status, steps


@pytest.mark.parametrize("how", ["succeed", "echo", "fail", "silent"])
def test_every_definition_runs(how: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing but states and named errors come of it, soon."""
    require_shared("corpus", "definitions")
    table: Counter[str] = Counter()
    steps, begun = 0, time.perf_counter()
    for number, (name, definition) in enumerate(definitions()):
        if is_refused(definition):
            continue
        try:
            status, told = run(definition, number, how)
        except Exception as error:
            raise AssertionError(f"{name} breaks the engine") from error
        table[status] += 1
        steps += told
    milliseconds = (time.perf_counter() - begun) * 1000 / steps
    shown = ", ".join(f"{count} {status}" for status, count in table.most_common())
    with capsys.disabled():
        print(f"\n{how}: {shown}; {steps} inputs, {milliseconds:.2f} ms each")  # noqa: T201
    assert table.total() >= RUN_COUNT_MIN
    assert milliseconds < MILLISECONDS_MAX


def is_refused(definition: JsonObject) -> bool:
    """Whether it cannot be created here."""
    return any(found.severity == ERROR for found in check_definition(encode_text(definition)))
