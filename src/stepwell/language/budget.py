"""How much work, and how much data, the evaluations of one state may make.

A path such as `$[?(@.a in $..a)]` asks for the square of its data, and a template that names its
input a thousand times makes a thousand inputs. Nothing else is served meanwhile, so both are
counted, not timed: what fails here fails on every machine, and again when it is replayed.

Rules: an environment that lives as long as a state's step has a `budget` of its own, shared by
everything that is evaluated in it; with any other environment each evaluation has a new one. Plain
paths (`$.a.b[0]`) are never counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stepwell.language.program import Environment, EvaluationFailed
from stepwell.values import JsonValue

WORK_MAX: Final = 1_000_000
"""Values visited, compared or made. Roughly a third of a second."""
BYTES_MAX: Final = 16 << 20
"""What large templates may name, in bytes of JSON; payloads have far narrower bounds."""
REFERENCES_FREE: Final = 32
"""A template with no more computed members cannot make much of payloads that have bounds."""
DATA_LIMIT_EXCEEDED: Final = "States.DataLimitExceeded"


class Budget:
    """What is left. Sizes are remembered, with the values, so that an address means one value."""

    __slots__ = ("_sizes", "bytes", "work")

    def __init__(self) -> None:
        self.work = WORK_MAX
        self.bytes = BYTES_MAX
        self._sizes: dict[int, tuple[JsonValue, int]] = {}

    def hold(self, value: JsonValue) -> None:
        """Take the size of a value. Raises EvaluationFailed when there is no room left."""
        try:
            self.bytes -= self._size(value)
        except RecursionError:
            raise EvaluationFailed("The data is too deeply nested.") from None
        if self.bytes < 0:
            raise EvaluationFailed(
                f"The template makes more than {BYTES_MAX} bytes.", error=DATA_LIMIT_EXCEEDED
            )

    def _size(self, value: JsonValue) -> int:
        """About as many bytes as the value's JSON has; each container is walked once."""
        if isinstance(value, str):
            return len(value) + 3
        if not isinstance(value, list | dict):
            return 8 if not isinstance(value, int) else 2 + value.bit_length() // 3
        known = self._sizes.get(id(value))
        if known is not None:
            return known[1]
        size = 3 + len(value)
        if isinstance(value, dict):
            size += sum(len(name) + 3 for name in value)
            size += sum(map(self._size, value.values()))
        else:
            size += sum(map(self._size, value))
        self._sizes[id(value)] = (value, size)
        return size


_current = Budget()


def begin(env: Environment) -> Budget:
    """What follows is counted against the environment's budget, or a new one."""
    global _current
    found = getattr(env, "budget", None)
    _current = found if isinstance(found, Budget) else Budget()
    return _current


def spend(units: int) -> None:
    """Count work of the evaluation under way. Raises EvaluationFailed when it is too much."""
    _current.work -= units
    if _current.work < 0:
        raise EvaluationFailed(
            f"The evaluation takes too much work: more than {WORK_MAX} values would be visited."
        )


def spend_text(text: str) -> str:
    """Count a text that was made; it is given back."""
    spend(len(text) >> 4)
    return text


def held(evaluate: Callable[..., JsonValue]) -> Callable[..., JsonValue]:
    """An evaluation (..., env) whose values count as data."""

    def evaluate_and_hold(*given: object) -> JsonValue:
        value = evaluate(*given)
        begin(given[-1]).hold(value)  # type: ignore[arg-type]
        return value

    return evaluate_and_hold
