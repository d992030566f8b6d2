"""Paths: what they find, how they fail, and which texts are no paths."""

from __future__ import annotations

import pytest

from stepwell.language.paths import (
    PathNotFound,
    PathSyntaxError,
    compile_path,
    input_path_reader,
)
from stepwell.language.program import EvaluationFailed
from stepwell.values import JsonValue, encode
from tests.language.data_environment import NOTHING, DataEnvironment

SHOP: JsonValue = {
    "a": {"b": [{"x": 1, "y": "one"}, {"x": 2}, {"x": 3.5, "y": None}]},
    "text": "abc",
    "none": None,
    "yes": True,
    "with space": 1,
    "numbers": [3, 1, 2],
    "empty": [],
    "Labels": [{"Name": "Receipt"}, {"Name": "Page"}],
    "limit": 2,
}


def read(text: str, data: JsonValue = SHOP) -> JsonValue:
    return compile_path(text).read(data, NOTHING)


def reason(text: str, data: JsonValue = SHOP) -> str:
    with pytest.raises(PathNotFound) as failure:
        read(text, data)
    assert failure.value.path == text
    return failure.value.reason


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.a.b[0].x", 1),
        ("$.a.b[-1].x", 3.5),
        ("$.a.b.[1].x", 2),
        ("$['a']['b'][0]['y']", "one"),
        ('$["a"].b[0].y', "one"),
        ("$.['with space']", 1),
        ("  $.text ", "abc"),
        ("$.a.b[(@.length-1)].x", 3.5),
        ("$.a.b[( @.length - 2 )].x", 2),
        ("$.none", None),
        ("$['text','yes']", {"text": "abc", "yes": True}),
        ("$['text','nothing']", {"text": "abc"}),
        ("$.a.b[2]['x', 'y']", {"x": 3.5, "y": None}),
    ],
)
def test_a_definite_path_gives_its_one_value(path: str, expected: JsonValue) -> None:
    """Names, indexes and their spellings lead to the value itself."""
    assert compile_path(path).definite
    assert encode(read(path)) == encode(expected)


def test_the_root_alone_gives_the_document_itself() -> None:
    """`$` hands on the very object, not a copy."""
    assert read("$") is SHOP


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.a.b[*].x", [1, 2, 3.5]),
        ("$.a.*[0].x", [1]),
        ("$.a.b[0:2].x", [1, 2]),
        ("$.a.b[1:].x", [2, 3.5]),
        ("$.a.b[:-1].x", [1, 2]),
        ("$.a.b[-1:].x", [3.5]),
        ("$.a.b[::2].x", [1, 3.5]),
        ("$.a.b[ 0 : 2 : 1 ].x", [1, 2]),
        ("$.a.b[0, 2].x", [1, 3.5]),
        ("$.a.b[0,7].x", [1]),
        ("$..x", [1, 2, 3.5]),
        ("$..b[0].x", [1]),
        ("$.a..['x','y']", [{"x": 1, "y": "one"}, {"x": 3.5, "y": None}]),
        ("$.a.b[*]['x','y']", [{"x": 1, "y": "one"}, {"x": 2}, {"x": 3.5, "y": None}]),
        ("$.['a', 'text'].b[0].x", [1]),
        ("$.numbers.*", [3, 1, 2]),
        ("$.numbers[*]", [3, 1, 2]),
        (
            "$.a.b..*",
            [{"x": 1, "y": "one"}, {"x": 2}, {"x": 3.5, "y": None}, 1, "one", 2, 3.5, None],
        ),
        ("$.text[*]", []),
        ("$.text[0, 1]", []),
        ("$.text[0:1]", []),
        ("$.text[*].x", []),
        ("$.nothing[*]", []),
        ("$.nothing.more[1:5].value", []),
        ("$..nothing", []),
    ],
)
def test_an_indefinite_path_gives_a_list(path: str, expected: JsonValue) -> None:
    """All matches in document order, and an empty list when there are none."""
    assert not compile_path(path).definite
    assert encode(read(path)) == encode(expected)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("@.x > 1", [2, 3.5]),
        ("@.x>=2", [2, 3.5]),
        ("@.x < 2", [1]),
        ("@.x <= 2", [1, 2]),
        ("@.x == 1.0", [1]),
        ("@.x == '1'", [1]),
        ("'1' == @.x", [1]),
        ("@.x == ' 1'", []),
        ("@.x == 'one'", []),
        ("@.x === '1'", []),
        ("@.x === 1", [1]),
        ("@.x !== '1'", [1, 2, 3.5]),
        ("@.nothing === @.nothing", []),
        ("@.x == true", []),
        ("@.x != 1", [2, 3.5]),
        ("@.y == one", [1]),
        ('@.y == "one"', [1]),
        ("@.y == null", [3.5]),
        ("@.y != 'one'", [2, 3.5]),
        ("@.y > 'a'", [1]),
        ("@.y > 1", []),
        ("@.x == $.limit", [2]),
        ("$.limit == @.x", [2]),
        ("@.y", [1, 3.5]),
        ("!@.y", [2]),
        ("!(@.y)", [2]),
        ("@.y && @.x < 2", [1]),
        ("@.x==1||@.x==2", [1, 2]),
        ("@.x == 1 || @.y && @.x > 3", [1, 3.5]),
        ("(@.x == 1 || @.y) && @.x > 3", [3.5]),
        ("@.x in [1, 3.5]", [1, 3.5]),
        ("@.x IN [1]", [1]),
        ("@.x in []", []),
        ("@.x in 'text'", []),
        ("@.x in $.numbers", [1, 2]),
        ("@.x nin [1]", [2, 3.5]),
        ("@.y in ['one', null]", [1, 3.5]),
        ("@.y =~ /O.E/i", [1]),
        ("@.y =~ /on/", []),
        ("@.x =~ /\\d\\.5/", [3.5]),
        ("/one/ =~ @.y", [1]),
        ("@.y =~ 'one'", []),
        ("@.y =~ /a\\/b/", []),
        ("@.y contains 'n'", [1]),
        ("@.y size 3", [1]),
        ("@.y empty false", [1]),
        ("@.y empty 1", []),
        ("$.empty empty true", [1, 2, 3.5]),
        ("$.numbers contains @.x", [1, 2]),
        ("$.numbers size 3", [1, 2, 3.5]),
        ("$.numbers subsetof [1,2,3,4]", [1, 2, 3.5]),
        ("$.numbers anyof [1]", [1, 2, 3.5]),
        ("$.numbers noneof [1]", []),
        ("@.x noneof [1]", []),
        ("$.numbers all [1,2]", [1, 2, 3.5]),
        ("$.numbers all 1", []),
        ("$.numbers =~ /2/", [1, 2, 3.5]),
        ("$.numbers.length() == 3", [1, 2, 3.5]),
        ("@.length() == 1", [2]),
        ("$.a.b[*].x", [1, 2, 3.5]),
        ("$.a.b[*].nothing", []),
        ("@.nothing == @.nothing", []),
        ("@.x == 1e0", [1]),
        ("@.y == abc-def", []),
    ],
)
def test_a_filter_keeps_the_items_that_pass(condition: str, expected: JsonValue) -> None:
    """Operators, words, nesting and paths on either side."""
    assert encode(read(f"$.a.b[?({condition})].x")) == encode(expected)


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        ("$.[?(@.OU > 0)]", [{"OU": 1}, {"OU": 0}, {"N": 1}], [{"OU": 1}]),
        ("$[?(@.year <= 1999)]", [{"year": 1999}, {"year": 2001}], [{"year": 1999}]),
        (
            "$.[*].['bucket', 'key']",
            [{"bucket": "b", "key": "k", "z": 0}],
            [{"bucket": "b", "key": "k"}],
        ),
        ("$[?(@.Code==es)].Text", [{"Code": "es", "Text": 1}, {"Code": "fr", "Text": 2}], [1]),
        ("$[?(@.M.answered.Bool==false)].M.n", [{"M": {"answered": {"Bool": False}, "n": 1}}], [1]),
        ("$.one[?(@.x == 1)]", {"one": {"x": 1}}, [{"x": 1}]),
        ("$.one[?(@.x == 1)]", {"one": 1}, []),
        ("$[?(@ > 1)]", [1, 2, 3], [2, 3]),
        ("$..[?(@.x)]", {"x": 1, "in": [{"x": 2}, 3]}, [{"x": 1, "in": [{"x": 2}, 3]}, {"x": 2}]),
        ("$..[?(@ > 2)]", {"in": [3, 1, [4]]}, [3, 4]),
        ("$[?(@.p =~ /.*(a|b)$/s)].p", [{"p": "x\na"}, {"p": "c"}], ["x\na"]),
        ("$[?(@.p == [1, 'a'])]", [{"p": [1, "a"]}], [{"p": [1, "a"]}]),
        ("$[?(@.p == 3.0)]", [{"p": True}, {"p": "3.0"}, {"p": 3}], [{"p": "3.0"}, {"p": 3}]),
        ("$[?(@.p size 1.0)]", [{"p": "a"}, {"p": 3}], [{"p": "a"}]),
    ],
)
def test_what_users_write(path: str, data: JsonValue, expected: JsonValue) -> None:
    """Forms taken from published state machines, Jayway's own spellings among them."""
    assert encode(read(path, data)) == encode(expected)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.numbers.length()", 3),
        ("$.a.size()", 1),
        ("$.text.length()", None),
        ("$.numbers.min()", 1.0),
        ("$.numbers.max()", 3.0),
        ("$.numbers.sum()", 6.0),
        ("$.numbers.avg()", 2.0),
        ("$.a.b[0:2].x.stddev()", 0.5),
        ("$.a.b[*].x.max()", 3.5),
        ("$.a.keys()", ["b"]),
        ("$.text.keys()", None),
        ("$.a.b[*].y.concat()", "one"),
        ("$.text.concat()", ""),
        ("$.numbers.first()", 3),
        ("$.numbers.last()", 2),
        ("$.numbers.index(1)", 1),
        ("$.numbers.index( -1 )", 2),
    ],
)
def test_functions_end_a_path(path: str, expected: JsonValue) -> None:
    """They give one value, numbers as doubles."""
    assert compile_path(path).definite
    assert encode(read(path)) == encode(expected)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.empty.min()", "Aggregation function attempted to calculate value using empty array"),
        ("$.text.max()", "Aggregation function attempted to calculate value using empty array"),
        ("$.text.first()", "Aggregation function attempted to calculate value using empty array"),
        ("$.empty.first()", "The array has no item 0"),
        ("$.nothing.length()", "No results for path: $['nothing']"),
    ],
)
def test_a_function_without_a_result_finds_nothing(path: str, expected: str) -> None:
    """A function over nothing is a path that finds nothing."""
    assert reason(path) == expected


def test_numbers_too_large_for_a_double_have_no_sum() -> None:
    """An aggregation that overflows finds nothing instead of giving infinity."""
    assert reason("$.sum()", [1e308, 1e308]).endswith("too large")
    assert reason("$.max()", [10**400]).startswith("A number is too large")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.X", "No results for path: $['X']"),
        ("$.no.such.path", "Missing property in path $['no']"),
        ("$.a.no.such", "Missing property in path $['a']['no']"),
        ("$.a.X", "No results for path: $['a']['X']"),
        ("$.a.b[9]", "No results for path: $['a']['b'][9]"),
        ("$.a.b[-9].x", "No results for path: $['a']['b'][-9]['x']"),
        ("$.a.b[0].z", "No results for path: $['a']['b'][0]['z']"),
        ("$.none[0]", "The path $['none'] is null"),
        ("$.text[0]", "Filter: [0] can only be applied to arrays. Current context is: abc"),
        ("$.limit[0].x", "Filter: [0] can only be applied to arrays. Current context is: 2"),
        ("$.nothing['a','b']", "Missing property in path $['nothing']"),
    ],
)
def test_the_reason_reads_as_on_aws(path: str, expected: str) -> None:
    """The sentence of AWS's path library, by the kind of miss."""
    assert reason(path) == expected


@pytest.mark.parametrize(
    ("value", "java"),
    [
        (None, "null"),
        (True, "java.lang.Boolean"),
        (1, "java.lang.Integer"),
        (2**31, "java.lang.Long"),
        (2**63, "java.math.BigInteger"),
        (1.5, "java.lang.Double"),
        ("t", "java.lang.String"),
        ([], "java.util.ArrayList"),
    ],
)
def test_a_name_in_something_else_than_an_object(value: JsonValue, java: str) -> None:
    """The sentence names the Java class that AWS found there."""
    expected = f"Expected to find an object with property ['x'] in path $['v'] but found '{java}'."
    assert reason("$.v.x", {"v": value}).startswith(expected)
    assert reason("$.v['x','y']", {"v": value}).startswith("Expected to find an object")


def test_context_and_variables_are_roots() -> None:
    """`$$` reads the context object and `$name` a variable, whatever the data is."""
    env = DataEnvironment({"Execution": {"Id": "arn"}}, {"v": {"a": [1, 2]}})
    assert compile_path("$$.Execution.Id").read({}, env) == "arn"
    assert compile_path("$$").read({}, env) is env.context
    assert compile_path("$v").read({}, env) is env.variables["v"]
    assert compile_path("$v.a[1]").read({}, env) == 2
    assert (compile_path("$v.a").variable, compile_path("$$.x").variable) == ("v", "")
    for missing in ("$$.Nothing", "$w", "$v.nothing"):
        with pytest.raises(PathNotFound):
            compile_path(missing).read({}, env)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a.b",
        "$.",
        "$..",
        "$...",
        "$.a.",
        "$.a b",
        "$.a]",
        "$[",
        "$[]",
        "$[a]",
        "$['a'",
        "$['a",
        "$['a',]",
        "$['a',1]",
        "$[1",
        "$[1,]",
        "$[1,a]",
        "$[-]",
        "$[1:2:0]",
        "$[9999999999999999999]",
        "$[?]",
        "$[?@.x]",
        "$[?()]",
        "$[?(@.x]",
        "$[?(@.x == )]",
        "$[?(1)]",
        "$[?('a')]",
        "$[?(@.x =~ /[/)]",
        "$[?(@.x =~ /a)]",
        "$[?(@.x =~ /a\\",
        "$[?(@.x in [1)]",
        "$[?((@.x)]",
        "$[?(@.x && )]",
        "$[?(@.x == 'a)]",
        "$[(@.length)]",
        "$[(@.size-1)]",
        "$.nosuch()",
        "$.a.min(1)",
        "$.a.index()",
        "$.a.min().x",
        "$.*x",
        "$-a",
        "$1a",
        "$$a",
        "$.a,b",
        "$" + ".a" * 1100,
        "$[?(" + "(" * 40 + "@.x" + ")" * 40 + ")]",
        "$[?(" + "!" * 40 + "@.x)]",
        "$[?(@.x in " + "[" * 40 + "]" * 40 + ")]",
        "$." + "a" * 70_000,
    ],
)
def test_what_is_no_path_is_refused(text: str) -> None:
    """The refusal says what is wrong and where."""
    with pytest.raises(PathSyntaxError) as refusal:
        compile_path(text)
    assert refusal.value.message
    assert 0 <= refusal.value.position <= max(len(text), 1)


def test_a_refusal_tells_place_and_find() -> None:
    """The message names the character and its column."""
    with pytest.raises(PathSyntaxError, match=r"Expected '\.' or '\[' but found ' ' at column 4"):
        compile_path("$.a b")
    with pytest.raises(PathSyntaxError, match=r"a name after '\.' but found the end at column 3"):
        compile_path("$.")


def test_quotes_and_backslashes_in_names() -> None:
    """A backslash escapes the quote around the name and itself, nothing else."""
    data: JsonValue = {"it's": 1, 'a"b': 2, "a\\b": 3, 'T\\"N': 4}
    assert read("$['it\\'s']", data) == 1
    assert read("$['a\"b']", data) == 2
    assert read("$['a\\\\b']", data) == 3
    assert read("$['T\\\"N']", data) == 4


def test_reading_copies_nothing() -> None:
    """The value is the one inside the document."""
    data: JsonValue = {"a": [{"b": 1}]}
    assert isinstance(data, dict)
    assert read("$.a", data) is data["a"]


def test_an_input_path_that_finds_nothing_fails_with_aws_sentence() -> None:
    """As recorded for InputPath and OutputPath."""
    evaluate = input_path_reader("$.NoSuchInputPath", "InputPath")
    with pytest.raises(EvaluationFailed) as failure:
        evaluate({"int-literal": 0}, NOTHING)
    sentence = "Invalid path '$.NoSuchInputPath' : No results for path: $['NoSuchInputPath']"
    assert (failure.value.cause, failure.value.error) == (sentence, "States.Runtime")
    assert failure.value.location == "InputPath"


def test_an_input_path_of_null_gives_an_empty_object() -> None:
    """InputPath and OutputPath may be null."""
    assert input_path_reader(None, "InputPath")({"a": 1}, NOTHING) == {}
    assert input_path_reader("$", "InputPath")({"a": 1}, NOTHING) == {"a": 1}
    assert input_path_reader("$.a", "InputPath")({"a": 1}, NOTHING) == 1


def test_items_must_be_an_array() -> None:
    """ItemsPath refuses everything else with AWS's sentence."""
    evaluate = input_path_reader("$", "ItemsPath")
    assert evaluate([1], NOTHING) == [1]
    with pytest.raises(EvaluationFailed, match=r'Reference path "\$" must point to array\.'):
        evaluate({"a": 1}, NOTHING)


@pytest.mark.parametrize("path", ["$..a..a..a..a..a", "$[?(@..a..a..a..a..a)]"])
def test_a_path_that_multiplies_is_stopped(path: str) -> None:
    """A path that reaches more values than any document holds fails instead of filling memory."""
    data: JsonValue = 1
    for _ in range(300):
        data = {"a": data}
    with pytest.raises(EvaluationFailed, match="more than") as failure:
        read(path, data)
    assert failure.value.error == "States.Runtime"
