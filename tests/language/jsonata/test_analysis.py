"""What is known of an expression before it runs: what it reads, may not read, how it can grow."""

from __future__ import annotations

import pytest

from stepwell.language.jsonata import JsonataSyntaxError, compile_jsonata
from stepwell.language.jsonata.analysis import analyse
from stepwell.language.jsonata.evaluator import evaluate
from stepwell.language.jsonata.functions import Surroundings
from stepwell.language.jsonata.grammar import parse
from stepwell.language.jsonata.tokens import NotUnderstood
from stepwell.language.program import EvaluationFailed
from stepwell.values import JsonObject, JsonValue
from tests.language.data_environment import NOTHING
from tests.language.jsonata.expressions import STATES, VARIABLES, WRITTEN, combined


@pytest.mark.parametrize(
    ("text", "members", "variables"),
    [
        ("1", set(), set()),
        ("$states.input.a", {"input"}, set()),
        ("$states.context.Task.Token & $x", {"context"}, {"x"}),
        ("$states", None, set()),
        ("$states.input[$a = b].{'k': $c}", None, {"a", "c"}),
        ("$states.input.list[$a = b]", {"input"}, {"a"}),
        ("$keys($states)", None, {"keys"}),
        ("($a := $b; $a + $c)", set(), {"b", "c"}),
        ("($a := $a; $a)", set(), set()),
        ("function($v) { $v + $w }", set(), {"w"}),
        ("$map($list, function($v, $i) { $v[$i] })", set(), {"map", "list"}),
        ("$l@$o.items[$o.a = $p]", set(), {"l", "p"}),
        ("$l#$i.{'i': $i, 'j': $j}", set(), {"l", "j"}),
        ("$x ~> |a|{'b': $y}|", set(), {"x", "y"}),
        ("($states := 1; $states.result)", set(), set()),
        ("$a[/re/($)].b", set(), {"a"}),
        ("$a / $b / $c", set(), {"a", "b", "c"}),
        ("$contains($a, /\\/x/i) ? $b : $c", set(), {"contains", "a", "b", "c"}),
        ("λ($a)<n:n>{ $a + $b }(1)", set(), {"b"}),
        ("$f(?, $a)", set(), {"f", "a"}),
        ("$a^(>$b, <$c)", set(), {"a", "b", "c"}),
        ("/* $no */ '$no' & \"$no\" & `$no`", set(), set()),
    ],
)
def test_references(text: str, members: set[str] | None, variables: set[str]) -> None:
    """Members of `$states` and free variables; names bound inside are not free."""
    found = analyse(text)
    assert found.members == members
    assert found.variables == variables


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("phone", ["Reference to 'phone' at the top level is not supported."]),
        ("$sum(a.b)", ["Reference to 'a' at the top level is not supported."]),
        ("(x; y)", [f"Reference to '{n}' at the top level is not supported." for n in "xy"]),
        ("*", ["Reference to '*' at the top level is not supported."]),
        ("$", ["Reference to '$' at the top level is not supported."]),
        ("$.a", ["Reference to '$' at the top level is not supported."]),
        ("$$", ["Reference to '$$' is not supported."]),
        ("$a[$$.b]", ["Reference to '$$' is not supported."]),
        ("$a.b[c = $].(d)", []),
        ("$a{id: $}", []),
        ("$map($a, function($v) { $v.b })", []),
        ("true and false or null", []),
        ("$a in $b", []),
    ],
)
def test_refused(text: str, refused: list[str]) -> None:
    """Without a context item, bare names and `$` mean nothing."""
    assert analyse(text).refused == refused


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("$states.input.a + 1", True),
        ("$map($a, function($v) { $v + 1 })", True),
        ("$a ~> $uppercase", True),
        ("[1..10]", True),
        ("[1..$n]", False),
        ("[1..100000]", False),
        ("$reduce($a, function($x, $y) { $x & $y })", False),
        ("($f := function($n) { $f($n) }; $f(1))", False),
        ("(function($g) { $g($g) })(function($g) { $g($g) })", False),
        ("$formatInteger(1, 'I')", False),
        ("$a ~> $reduce", False),
        ("$a ~> function($v) { $v }", False),
        ("not an expression (", False),
    ],
)
def test_plain(text: str, plain: bool) -> None:
    """What can grow upon its own growth is not plain, and so is what cannot be read."""
    assert analyse(text).plain is plain


def test_what_jsonata_reads_is_read() -> None:
    """Every expression of the tables has a tree."""
    for text in [*WRITTEN, *combined(300, 77)]:
        parse(text)


@pytest.mark.parametrize("text", ["(" * 400, "-" * 400 + "1", "[" * 5000 + "]" * 5000])
def test_depth_is_bounded(text: str) -> None:
    """No text makes the reader overflow."""
    with pytest.raises(NotUnderstood):
        parse(text)
    assert not analyse(text).plain


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("$states.input.order.id", {"order"}),
        ("$states.input.a + $states.input.`b c`", {"a", "b c"}),
        ("$states.input.list[price > 1].name", {"list"}),
        ("$sum($states.input.list.price)", {"list"}),
        ("$map($states.input.list, function($v) { $states.input.rate * $v })", {"list", "rate"}),
        ("{'a': $states.input.a, 'b': $states.input}", None),
        ("$states.input.*", None),
        ("$states.input[a = 1].b", None),
        ("$states.input.order.%", None),
        ("$states.input.a@$x.b", None),
        ("$states.input.a ~> |$|{'b': 1}|", None),
        ("($s := $states; $s.input.b)", None),
        ("function($states) { $states.input.a }($v)", None),
        ("$states.input.(a + b)", None),
        ("$keys($states.input) ~> $count()", None),
    ],
)
def test_what_is_read_of_the_input(text: str, picked: set[str] | None) -> None:
    """No more than that is handed to the library, which copies all that it is given."""
    assert analyse(text).picked_of("input") == picked


def test_what_is_not_read_is_not_missed() -> None:
    """With or without the rest of the input, the value is the same; so it is of lists."""
    inputs: list[JsonValue] = [
        {"a": [1, {"b": 2}], "b": 3, "c": [4]},
        [{"a": 1}, {"a": 2, "b": 3}],
        "x",
        None,
    ]
    for given in inputs:
        for text in WRITTEN_OF_INPUT:
            compiled = compile_jsonata(text)
            whole = evaluate(text, {"states": {"input": given}}, Surroundings())
            try:
                value = compiled.evaluate({"input": given}, {}, NOTHING, "Output")
            except EvaluationFailed:
                assert whole.kind != "value"
            else:
                assert (whole.kind, whole.value) == ("value", value)


def test_the_table_does_not_change_by_that() -> None:
    """Every expression gives what it gives with all there is."""
    shown: JsonObject = {"context": NOTHING.context, **STATES}
    for text in [*WRITTEN, *combined(250, 5)]:
        try:
            compiled = compile_jsonata(text)
        except JsonataSyntaxError:
            continue
        if {"random", "uuid", "shuffle", "now", "millis"} & compiled.analysis.called:
            continue
        whole = evaluate(compiled.rewritten, {"states": shown, **VARIABLES}, Surroundings())
        try:
            value = compiled.evaluate(STATES, VARIABLES, NOTHING, "Output")
        except EvaluationFailed:
            assert whole.kind != "value", text
        else:
            assert (whole.kind, whole.value) == ("value", value), text


WRITTEN_OF_INPUT = [
    "[$states.input.a]",
    "$states.input.a.b & 'x'",
    "$exists($states.input.b)",
    "$states.input.b + 1",
    "$states.input.a[$states.input.b = 3]",
    "$states.input.a.b.%",
    "$states.input.a@$x.b",
    "$states.input.a#$i.{'i': $i, 'v': $}",
    "$states.input.$merge([a, c])",
    "{'a': $states.input.a, 'keys': $keys($states.input)}",
    "$states.input{'k': $states.input.b}",
    "$states.input.a ~> $count()",
]
