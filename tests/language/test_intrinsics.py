"""Intrinsic functions: results, escapes, refusals, failures."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepwell.language.intrinsics import IntrinsicSyntaxError, compile_intrinsic, intrinsic_paths
from stepwell.language.java import SeededRandom
from stepwell.language.program import EvaluationFailed
from stepwell.values import JsonValue, encode
from tests.language.data_environment import NOTHING, DataEnvironment

DATA: JsonValue = {
    "name": "World",
    "list": [1, 2, 3, 4, 5],
    "mixed": [1, 1.0, True, "1", None, [1], {"a": 1, "b": 2}, {"b": 2, "a": 1}, 1, True],
    "object": {"Arg1": 1, "Arg2": [], "deep": {"x": None, "y": 1.5e10}},
    "json": '{"a": [1, 1.0]}',
    "template": "Hi {} and \\{\\}",
    "long": "x" * 10_001,
    "index": 2,
    "rows": [{"id": "a, b)"}, {"id": "c"}],
}
ENV = DataEnvironment({"StateMachine": {"Name": "my-machine"}}, {"greeting": "Hello"})


def run(text: str) -> JsonValue:
    return compile_intrinsic(text)(DATA, ENV)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("States.Format('Hello {}!', $.name)", "Hello World!"),
        ("States.Format('{}', null)", "null"),
        ("States.Format('{} {} {}', 1, 1.5, true)", "1 1.5 true"),
        ("States.Format('{}{}', 1e10, 0.0001)", "1.0E101.0E-4"),
        ("States.Format('{}', -1.25E-7)", "-1.25E-7"),
        ("States.Format('{}', $.object)", "{Arg1=1, Arg2=[], deep={x=null, y=1.5E10}}"),
        ("States.Format('{}', $.list)", "[1, 2, 3, 4, 5]"),
        ("States.Format('\\{{}\\} \\'q\\' \\\\', 1)", "{1} 'q' \\"),
        ("States.Format($.template, $greeting)", "Hi Hello and {}"),
        ("States.Format('a } b { c')", "a } b { c"),
        ("States.Format('plain')", "plain"),
        ("States.StringToJson($.json)", {"a": [1, 1.0]}),
        ('States.StringToJson(\'{"a": "false"}\')', {"a": "false"}),
        ("States.StringToJson('\\{\"a\": 1\\}')", {"a": 1}),
        (
            "States.JsonToString($.object)",
            '{"Arg1":1,"Arg2":[],"deep":{"x":null,"y":15000000000.0}}',
        ),
        ("States.JsonToString('é')", '"é"'),
        ("States.Array()", []),
        (
            "States.Array('a', 1, -2.5, null, true, false, $.name)",
            ["a", 1, -2.5, None, True, False, "World"],
        ),
        ("States.ArrayPartition($.list, 2)", [[1, 2], [3, 4], [5]]),
        ("States.ArrayPartition($.list, 1.5)", [[1, 2], [3, 4], [5]]),
        ("States.ArrayContains($.mixed, 1)", True),
        ("States.ArrayContains($.list, 1.0)", False),
        ("States.ArrayContains($.list, true)", False),
        ("States.ArrayContains($.mixed, $.mixed[6])", True),
        ("States.ArrayContains($.mixed, $.mixed[5])", True),
        ("States.ArrayContains($.rows, $.object)", False),
        ("States.ArrayContains($.rows, $.rows[1])", True),
        ("States.ArrayContains(States.Array($.list), States.Array(1))", False),
        ("States.Format('{} {}', States.Array(), States.StringToJson('\\{\\}'))", "[] {}"),
        ("States.ArrayRange(1, 9, 2)", [1, 3, 5, 7, 9]),
        ("States.ArrayRange(0, 10, 3)", [0, 3, 6, 9]),
        ("States.ArrayRange(3, 1, -1)", [3, 2, 1]),
        ("States.ArrayRange(1, 3, -1)", []),
        ("States.ArrayRange(1, 1000, 1)", list(range(1, 1001))),
        ("States.ArrayGetItem($.list, 0)", 1),
        ("States.ArrayGetItem($.list, $.index)", 3),
        ("States.ArrayLength($.list)", 5),
        ("States.ArrayLength($.list[?(@ > 2)])", 3),
        ("States.ArrayUnique($.mixed)", [1, 1.0, True, "1", None, [1], {"a": 1, "b": 2}]),
        ("States.Base64Encode('Data to encode')", "RGF0YSB0byBlbmNvZGU="),
        ("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", "Data to encode"),
        ("States.Hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ("States.Hash('input data', 'MD5')", "812f45842bc6d66ee14572ce20db8e86"),
        ("States.Hash(1, 'MD5')", "c4ca4238a0b923820dcc509a6f75849b"),
        ("States.JsonMerge($.rows[0], $.rows[1], false)", {"id": "c"}),
        ("States.MathAdd(-9, 3)", -6),
        ("States.MathAdd(1.5, -1.5)", 1),
        ("States.MathAdd(-0.5, 2.5)", 3),
        (
            "States.StringSplit('This.is+a,test=string', '.+,=')",
            ["This", "is", "a", "test", "string"],
        ),
        ("States.StringSplit(',,', ',')", []),
        ("States.StringSplit('a b', '')", ["a b"]),
        ("States.StringSplit('', '')", []),
        ("States.UUID()", "00010203-0405-4607-8809-0a0b0c0d0e0f"),
        ("  States.Format  ( '{}'  ,  $.name )  ", "World"),
        ("States.Format('{}', $.rows[?(@.id == 'a, b)')].id)", "[a, b)]"),
        (
            "States.ArrayGetItem(States.StringSplit($$.StateMachine.Name, '-'), "
            "States.MathAdd(States.ArrayLength(States.StringSplit($$.StateMachine.Name, '-')), "
            "-1))",
            "machine",
        ),
    ],
)
def test_what_a_function_gives(text: str, expected: JsonValue) -> None:
    """Result and type of result, as AWS documents or recorded them."""
    assert encode(run(text)) == encode(expected)


def test_members_of_a_merge_stand_in_java_order() -> None:
    """As recorded: the order is that of a Java hash map."""
    data: JsonValue = {"one": {"constant_in_literal": 1}, "two": {"constant_input_field": 2}}
    merged = compile_intrinsic("States.JsonMerge($.one, $.two, false)")(data, NOTHING)
    assert encode(merged) == b'{"constant_input_field":2,"constant_in_literal":1}'


def test_random_numbers_lie_in_their_range() -> None:
    """The start is included, the end is not, whatever the chance."""
    evaluate = compile_intrinsic("States.MathRandom(-1, 2)")
    drawn = {encode(evaluate({}, DataEnvironment(chance=bytes([n] * 16)))) for n in range(256)}
    assert drawn == {b"-1", b"0", b"1"}


@pytest.mark.parametrize("end", [2, 7, 1000, 1024, 2147483647])
def test_the_same_seed_gives_the_same_number(end: int) -> None:
    """A seeded number does not ask for chance."""
    seeded = {
        encode(
            compile_intrinsic(f"States.MathRandom(0, {end}, 42)")(
                {}, DataEnvironment(chance=chance)
            )
        )
        for chance in (b"a", b"b")
    }
    assert len(seeded) == 1
    number = int(seeded.pop())
    assert 0 <= number < end


def test_seeded_numbers_are_javas() -> None:
    """java.util.Random(42) begins with 0, 3, 8, 4, 0 below 10; a full range works too."""
    draw = SeededRandom(42)
    assert [draw.below(10) for _ in range(5)] == [0, 3, 8, 4, 0]
    assert run("States.MathRandom(5, 15, 42)") == 5
    assert SeededRandom(8).below((1 << 30) + 1) < (1 << 30) + 1
    full = run("States.MathRandom(-2147483648, 2147483647, 3)")
    assert isinstance(full, int)
    assert -2147483648 <= full < 2147483647


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("States.Format('{}')", "expected 1 arguments, but received 0"),
        ("States.Format('{}', 1, 2)", "expected 1 arguments, but received 2"),
        ("States.Format($.list)", "Argument 1 must be a string"),
        ("States.StringToJson($.name)", "must be a valid JSON string"),
        ("States.StringToJson(1)", "Argument 1 must be a string"),
        ("States.ArrayPartition($.list, 0)", "positive"),
        ("States.ArrayPartition($.name, 1)", "Argument 1 must be an array"),
        ("States.ArrayPartition($.list, 'x')", "Argument 2 must be an integer"),
        ("States.ArrayPartition($.list, true)", "Argument 2 must be an integer"),
        ("States.ArrayRange(1, 2, 0)", "must not be zero"),
        ("States.ArrayRange(1, 1001, 1)", "more than 1000"),
        ("States.ArrayGetItem($.list, 5)", "out of bounds"),
        ("States.ArrayGetItem($.list, -1)", "out of bounds"),
        ("States.Base64Encode($.long)", "10000 characters"),
        ("States.Base64Decode('*')", "valid Base64"),
        ("States.Base64Decode('é')", "valid Base64"),
        ("States.Hash('a', 'SHA-2')", "must be one of MD5"),
        ("States.Hash($.long, 'MD5')", "10000 characters"),
        ("States.JsonMerge($.rows[0], 1, false)", "Argument 2 must be a JSON object"),
        ("States.JsonMerge($.rows[0], $.rows[1], true)", "shallow"),
        ("States.JsonMerge($.rows[0], $.rows[1], 0)", "Argument 3 must be a boolean"),
        ("States.MathRandom(2, 2)", "less than"),
        ("States.MathAdd(2147483647, 1)", "out of the range"),
        ("States.MathAdd(2147483648, 1)", "out of the range"),
        (
            "States.Array($.index[0])",
            "error: Filter: [0] can only be applied to arrays. Current context is: 2",
        ),
        ("States.Array($.nope)", "The JsonPath argument for the field '$.nope' could not be found"),
    ],
)
def test_a_failure_names_the_whole_expression(text: str, words: str) -> None:
    """The cause is States.Runtime's: the function as written and what went wrong."""
    with pytest.raises(EvaluationFailed) as failure:
        run(text)
    assert failure.value.error == "States.Runtime"
    assert failure.value.cause.startswith(f"The function '{text}' had the following error: ")
    assert words in failure.value.cause


def test_a_missing_path_shows_the_input() -> None:
    """As AWS puts it, for a call inside a call too."""
    text = "States.Array(States.Format('{}', $.nope))"
    with pytest.raises(EvaluationFailed) as failure:
        compile_intrinsic(text)({"other": 1}, NOTHING)
    assert failure.value.cause == (
        f"The function '{text}' had the following error: The JsonPath argument for the field "
        "'$.nope' could not be found in the input '{\"other\":1}'"
    )


def test_data_nested_beyond_reason() -> None:
    """It is written as text all the same, or a failure of the function, never of the engine."""
    deep: JsonValue = []
    for _ in range(5000):
        deep = [deep]
    shown = compile_intrinsic("States.Format('{}', $)")(deep, NOTHING)
    assert shown == "[" * 5001 + "]" * 5001
    with pytest.raises(EvaluationFailed):
        compile_intrinsic("States.ArrayUnique($)")(deep, NOTHING)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("$.a", 0),
        ("states.UUID()", 0),
        ("States.Nope()", 0),
        ("States.UUID", 11),
        ("States.UUID(", 12),
        ("States.UUID() x", 14),
        ("States.UUID(1)", 0),
        ("States.StringToJson()", 0),
        ("States.Format()", 0),
        ("States.MathAdd(1)", 0),
        ("States.Array(1,)", 15),
        ("States.Array(1 2)", 15),
        ("States.Array('a)", 13),
        ('States.Array("a")', 13),
        ("States.Array(a)", 13),
        ("States.Array(1e999)", 13),
        ("States.Array(1.)", 13),
        ("States.Array('a\\n')", 16),
        ("States.Array('a\\\"')", 16),
        ("States.Array('a\\", 16),
        ("States.Array('\\", 15),
        ("States.Array(True)", 13),
    ],
)
def test_what_is_no_call_is_refused(text: str, position: int) -> None:
    """The refusal tells the place."""
    with pytest.raises(IntrinsicSyntaxError) as refusal:
        compile_intrinsic(text)
    assert refusal.value.position == position
    assert refusal.value.message


@pytest.mark.parametrize(
    "text", ["States.Array($.)", "States.Array($.a['b)", "States.Array($.a[?(@.b]"]
)
def test_a_bad_path_inside_is_refused(text: str) -> None:
    """A path in an argument is held to the rules of paths."""
    with pytest.raises(IntrinsicSyntaxError):
        compile_intrinsic(text)


def test_calls_nest_ten_deep() -> None:
    """Ten are fine, eleven are refused."""
    assert run("States.Array(" * 10 + ")" * 10) == [[[[[[[[[[]]]]]]]]]]
    with pytest.raises(IntrinsicSyntaxError, match="at most 10 deep"):
        compile_intrinsic("States.Array(" * 11 + ")" * 11)


def test_an_expression_has_a_greatest_length() -> None:
    """Text beyond the bound is refused before it is read."""
    with pytest.raises(IntrinsicSyntaxError, match="at most 65536"):
        compile_intrinsic("States.Array('" + "x" * 70_000 + "')")


def test_the_paths_of_an_expression_are_known() -> None:
    """In the order in which they are written, those of inner calls too."""
    text = "States.Format('{}{}{}', $.a, States.Array($$.b, 1, 'x'), $c.d)"
    assert intrinsic_paths(text) == ["$.a", "$$.b", "$c.d"]


fragments = st.sampled_from(
    [
        "States.", "Array", "Format", "MathAdd", "UUID", "StringSplit", "(", ")", ",", " ", "'",
        "a", "{}", "\\", "$.name", "$", "$$", "$x", "[0]", "1", "-2.5", "null", "true",
        "'a'", "é", '"',
    ]
)  # fmt: skip


@settings(max_examples=1500)
@given(
    st.lists(fragments, max_size=12).map("".join)
    | st.lists(fragments, max_size=8).map(lambda parts: "States.Format(" + "".join(parts) + ")")
)
def test_no_text_raises_anything_but_our_errors(text: str) -> None:
    """Any text is an expression or refused; any run gives a value or EvaluationFailed."""
    assert outcome(text)


def outcome(text: str) -> str | bytes:
    """What comes of the text: a sentence or a value."""
    try:
        return encode(run(text))
    except IntrinsicSyntaxError as refusal:
        return refusal.message if 0 <= refusal.position <= len(text) else ""
    except EvaluationFailed as failure:
        return failure.cause if failure.cause.startswith("The function '") else ""


@given(st.text(max_size=30))
def test_an_escaped_text_comes_back_as_it_was(text: str) -> None:
    """Escaping apostrophes, braces and backslashes lets any text through."""
    escaped = "".join("\\" + mark if mark in "'{}\\" else mark for mark in text)
    assert run(f"States.ArrayGetItem(States.Array('{escaped}'), 0)") == text
    assert run(f"States.Format('{escaped}')") == text


@given(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**31), 2**31 - 1))
def test_sums_stay_within_32_bits(one: int, other: int) -> None:
    """A sum is exact or refused."""
    try:
        assert run(f"States.MathAdd({one}, {other})") == one + other
    except EvaluationFailed:
        assert not -(2**31) <= one + other < 2**31
