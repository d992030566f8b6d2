"""The adapter says what JSONata's own implementation says, wherever Step Functions does not differ.

Both evaluate the same table and the same random combinations: values must be equal (numbers to
twelve digits), and so must the codes of errors. Skipped where there is no Node.js.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from pathlib import Path

import pytest

from stepwell.language.jsonata.evaluator import Outcome, evaluate, refusal
from stepwell.language.jsonata.functions import Surroundings
from stepwell.values import JsonObject, JsonValue
from tests.language.jsonata.expressions import STATES, VARIABLES, WRITTEN, combined

JS = Path(__file__).parents[2] / "e2e" / "js"
SCRIPT = JS / "jsonata.mjs"
DATA: JsonObject = {"states": STATES, **VARIABLES}

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (JS / "node_modules" / "jsonata").is_dir(),
    reason="needs Node.js and the packages of tests/e2e/js",
)


def reference(expressions: list[str]) -> list[JsonObject]:
    """What JSONata's own implementation makes of them."""
    asked = json.dumps({"data": DATA, "expressions": expressions})
    ended = subprocess.run(
        ["node", str(SCRIPT)], input=asked, capture_output=True, text=True, check=True, timeout=60
    )
    outcomes = json.loads(ended.stdout)
    assert isinstance(outcomes, list)
    return outcomes


def ours(expression: str) -> Outcome:
    """What the adapter makes of it."""
    refused = refusal(expression)
    if refused is not None:
        return Outcome("error", message=refused.message)
    return evaluate(expression, dict(DATA), Surroundings(0, b"seed"))


def same(mine: JsonValue, theirs: JsonValue) -> bool:
    """Equal values; numbers may differ behind the twelfth digit."""
    numbers = (int, float)
    if isinstance(mine, numbers) and isinstance(theirs, numbers):
        if isinstance(mine, bool) or isinstance(theirs, bool):
            return mine is theirs
        return math.isclose(mine, theirs, rel_tol=1e-12)
    if isinstance(mine, list) and isinstance(theirs, list):
        return len(mine) == len(theirs) and all(map(same, mine, theirs))
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return mine.keys() == theirs.keys() and all(same(mine[k], theirs[k]) for k in mine)
    return mine == theirs


def agrees(outcome: Outcome, theirs: JsonObject) -> bool:
    """Whether both ended the same way."""
    if outcome.kind == "error":
        return theirs.get("error") == outcome.message.partition(":")[0]
    if outcome.kind == "value":
        return "value" in theirs and same(outcome.value, theirs["value"])
    return outcome.kind in theirs


def differences(expressions: list[str]) -> dict[str, tuple[Outcome, JsonObject]]:
    """The expressions on which the two differ, with both answers."""
    found: dict[str, tuple[Outcome, JsonObject]] = {}
    for expression, theirs in zip(expressions, reference(expressions), strict=True):
        outcome = ours(expression)
        if not agrees(outcome, theirs):
            found[expression] = (outcome, theirs)
    return found


def test_a_difference_is_seen() -> None:
    """The comparison itself can fail: another value, another code, nothing instead of something."""
    outcomes = [Outcome("value", 1), Outcome("error", message="T1006: x"), Outcome("undefined")]
    others: list[JsonObject] = [{"value": 2}, {"error": "T2001"}, {"value": None}]
    assert not any(map(agrees, outcomes, others))


def test_the_table_agrees_with_the_reference() -> None:
    """Every kind of expression gives the value, the code or the nothing it gives there."""
    assert len(WRITTEN) > 230
    assert differences(WRITTEN) == {}


@pytest.mark.parametrize("seed", range(4))
def test_random_combinations_agree_with_the_reference(seed: int) -> None:
    """What nobody thought of agrees, too."""
    assert differences(combined(250, seed)) == {}
