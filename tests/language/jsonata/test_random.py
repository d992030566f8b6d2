"""No text makes the adapter raise anything but its own errors."""

from __future__ import annotations

import contextlib
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from stepwell.language.check import check_definition
from stepwell.language.jsonata import JsonataSyntaxError, compile_jsonata
from stepwell.language.program import EvaluationFailed
from tests.language.data_environment import NOTHING
from tests.language.definitions import machine, passing
from tests.language.jsonata.expressions import STATES, VARIABLES

_PARTS = (
    "$states .input .result . $x $ $$ a ( ) [ ] { } , ; : := ? ?: ?? + - * / % ^ ~> & @$i #$i | < "
    "> = != 'a' \"b\" `c` 1 2.5 /a+/ function($v) λ($v) and or in true null $sum $map $string .. "
    "** $now() /* */ ! \\ é \u0000"
)
PARTS = st.sampled_from(_PARTS.split(" "))
TEXTS = st.lists(PARTS, max_size=12).map(" ".join) | st.text(max_size=30)


@settings(deadline=None, max_examples=400)
@given(TEXTS)
def test_any_text(text: str) -> None:
    """It is refused when it is compiled, fails when it is evaluated, or gives a JSON value."""
    try:
        compiled = compile_jsonata(text)
    except JsonataSyntaxError:
        return
    with contextlib.suppress(EvaluationFailed):
        json.dumps(compiled.evaluate(STATES, VARIABLES, NOTHING, "f"), allow_nan=False)


@settings(deadline=None, max_examples=100)
@given(TEXTS, st.sampled_from(["{% ", "{%", ""]), st.sampled_from([" %}", "%}", ""]))
def test_any_text_in_a_definition(text: str, opening: str, closing: str) -> None:
    """A definition with it is checked without a failure of ours."""
    template = {"a": [f"{opening}{text}{closing}"]}
    state = passing(Output=template, Assign=template, QueryLanguage="JSONata")  # type: ignore[arg-type]
    check_definition(machine(state))
