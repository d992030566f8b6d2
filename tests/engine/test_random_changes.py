"""Valid definitions changed at random: what is still valid runs, on any input.

What the check lets through, the engine must be able to run.
"""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stepwell.language.diagnostics import InvalidDefinition
from stepwell.values import JsonValue
from tests.engine.test_corpus_runs import fail, step, succeed
from tests.engine.test_map_run import MapPlay
from tests.language.test_compile_random import VALID, changed, places, scalars

STEPS_MAX = 20

names = st.sampled_from(["a", "x", "v", "t", "n", "e", "items"])
data = st.recursive(
    scalars,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(names, children, max_size=5),
    max_leaves=8,
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
@given(st.data())
def test_what_is_still_valid_runs(draw: st.DataObject) -> None:
    """Places replaced by data of any kind, or taken out; tasks come to anything, or fail."""
    value: JsonValue = draw.draw(st.sampled_from(VALID))
    for _ in range(draw.draw(st.integers(1, 2))):
        at = draw.draw(st.sampled_from(places(value)))
        value = changed(value, at, draw.draw(data), draw.draw(st.booleans()))
    try:
        play = MapPlay(definition=json.loads(json.dumps(value)))
    except InvalidDefinition:
        return
    result = draw.draw(data)
    answer = draw.draw(st.sampled_from([succeed(result), fail, None]))
    play.start(draw.draw(data))
    for _ in range(STEPS_MAX):
        if play.status != "RUNNING" or not step(play, result, answer):
            break
