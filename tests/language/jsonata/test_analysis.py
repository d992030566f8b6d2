"""What is known of an expression before it runs: what it reads, may not read, how it can grow."""

from __future__ import annotations

import pytest

from stepwell.language.jsonata.analysis import analyse
from stepwell.language.jsonata.grammar import parse
from stepwell.language.jsonata.tokens import NotUnderstood
from tests.language.jsonata.expressions import WRITTEN, combined


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
