"""How deep data may nest: as deep as can always be read again, and the same everywhere."""

from __future__ import annotations

import pytest

from stepwell.engine.endings import payload_text
from stepwell.language.program import EvaluationFailed
from stepwell.values import NESTING_MAX, BadJson, JsonValue, decode_payload, nests_too_deep


def nested(levels: int) -> JsonValue:
    """Arrays and objects in turns, that deep."""
    value: JsonValue = "[{"
    for level in range(levels):
        value = [value] if level % 2 else {'"[': value}
    return value


def test_the_deepest_data_is_written_and_read_again() -> None:
    """What is just deep enough goes out and comes back; brackets in texts do not count."""
    deepest = nested(NESTING_MAX)
    text = payload_text(deepest)
    assert decode_payload(text) == deepest
    assert not nests_too_deep('["' + "[{" * NESTING_MAX + '\\"]"]')
    assert not nests_too_deep("[" + "[]," * NESTING_MAX + "[]]")


@pytest.mark.parametrize("levels", [NESTING_MAX + 1, 2 * NESTING_MAX, 100 * NESTING_MAX])
def test_deeper_data_fails_the_state(levels: int) -> None:
    """One level more is no payload, and neither is what no encoder can write."""
    with pytest.raises(EvaluationFailed, match="deeper than 500"):
        payload_text(nested(levels))


@pytest.mark.parametrize("levels", [NESTING_MAX + 1, 100 * NESTING_MAX])
def test_deeper_text_is_refused(levels: int) -> None:
    """One level more is not taken from outside either."""
    with pytest.raises(BadJson):
        decode_payload("[" * levels + "]" * levels)
