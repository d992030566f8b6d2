"""Reference paths: where ResultPath puts a result."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.language.paths import PathSyntaxError, compile_path, compile_reference_path
from stepwell.language.program import EvaluationFailed
from stepwell.values import JsonValue
from tests.language.data_environment import NOTHING


@pytest.mark.parametrize(
    ("path", "document", "expected"),
    [
        ("$", {"a": 1}, "R"),
        ("$", 5, "R"),
        ("$.a", {}, {"a": "R"}),
        ("$.a", {"a": 1, "b": 2}, {"a": "R", "b": 2}),
        ("$.a.b.c", {"z": 0}, {"z": 0, "a": {"b": {"c": "R"}}}),
        ("$.a.b", {"a": {"c": 1}}, {"a": {"c": 1, "b": "R"}}),
        ("$.a[1]", {"a": [1, 2]}, {"a": [1, "R"]}),
        ("$.a[-1].b", {"a": [{}]}, {"a": [{"b": "R"}]}),
        ("$[0]", [1, 2], ["R", 2]),
        ("$['a b'].c", {}, {"a b": {"c": "R"}}),
    ],
)
def test_the_value_is_put_in_its_place(path: str, document: JsonValue, expected: JsonValue) -> None:
    """Missing objects are made, the rest stays, and the document given is not touched."""
    before = copy.deepcopy(document)
    assert compile_reference_path(path).put(document, "R") == expected
    assert document == before


def test_only_the_way_to_the_place_is_copied() -> None:
    """Neighbours are shared between the old document and the new one."""
    document: JsonValue = {"a": {"x": 1}, "b": {"big": []}}
    changed = compile_reference_path("$.a.y").put(document, 2)
    assert isinstance(document, dict)
    assert isinstance(changed, dict)
    assert changed["b"] is document["b"]
    assert changed["a"] is not document["a"]


@pytest.mark.parametrize(
    ("path", "document", "shown"),
    [
        ("$.a", "text", '"text"'),
        ("$.a", [1], "[1]"),
        ("$.a", None, "null"),
        ("$.a.b", {"a": 5}, '{"a":5}'),
        ("$.a[0]", {"a": []}, '{"a":[]}'),
        ("$.a[0]", {}, "{}"),
        ("$.a[-2]", {"a": [1]}, '{"a":[1]}'),
    ],
)
def test_a_document_of_another_shape_fails(path: str, document: JsonValue, shown: str) -> None:
    """The error is States.ResultPathMatchFailure and shows path and input."""
    with pytest.raises(EvaluationFailed) as failure:
        compile_reference_path(path).put(document, 1)
    assert failure.value.error == "States.ResultPathMatchFailure"
    assert failure.value.cause == f"Unable to apply ReferencePath {path} to input {shown}"


@pytest.mark.parametrize(
    "text",
    [
        "$$.a",
        "$name",
        "$.a[*]",
        "$..a",
        "$.a[0,1]",
        "$['a','b']",
        "$.a[?(@.b)]",
        "$.a.length()",
        "a",
    ],
)
def test_only_names_and_indexes_make_a_reference_path(text: str) -> None:
    """Nothing that could name several places, no context, no variable."""
    with pytest.raises(PathSyntaxError):
        compile_reference_path(text)


keys = st.lists(st.sampled_from(["a", "b", "c d", "é"]), min_size=1, max_size=4)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c d", "é"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(keys, values, values)
def test_what_is_put_is_found_again(
    names: list[str], document: JsonValue, value: JsonValue
) -> None:
    """Reading the place after a put gives the value; a put that fails changes nothing."""
    text = "$" + "".join(f"['{name}']" for name in names)
    before = copy.deepcopy(document)
    try:
        changed = compile_reference_path(text).put(document, value)
    except EvaluationFailed:
        pass
    else:
        assert compile_path(text).read(changed, NOTHING) is value
    assert document == before
