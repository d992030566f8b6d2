"""Properties of paths, and agreement with two independent libraries on the common subset."""

from __future__ import annotations

import itertools

import jsonpath
import jsonpath_rfc9535
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepwell.language.paths import PathNotFound, PathSyntaxError, compile_path
from stepwell.values import JsonValue, encode
from tests.language.data_environment import NOTHING

names = st.sampled_from(["a", "b", "c", "x y", "é"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.5, 1.0, -2.5])
    | st.sampled_from(["", "a", "b", "1", "zz"])
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=15,
)

dotted = st.sampled_from([".a", ".b", ".c", "['x y']", '["é"]', "['a']"])
common_steps = dotted | st.sampled_from(
    [
        "[0]",
        "[-1]",
        "[2]",
        "[*]",
        ".*",
        "[1:]",
        "[:2]",
        "[-2:]",
        "[0,1]",
        "..a",
        "..b",
        "..*",
        "..[0]",
        "[::2]",
        "[::-1]",
        "[3:0:-1]",
    ]
)
paths = st.lists(common_steps, max_size=4).map(lambda steps: "$" + "".join(steps))


def ours(text: str, document: JsonValue) -> list[JsonValue]:
    """What we find, always as a list."""
    path = compile_path(text)
    try:
        found = path.read(document, NOTHING)
    except PathNotFound:
        return []
    if path.definite:
        return [found]
    assert isinstance(found, list)
    return found


@settings(max_examples=400)
@given(paths, documents)
def test_the_standard_finds_the_same(text: str, document: JsonValue) -> None:
    """Names, indexes, slices, wildcards and deep scans agree with RFC 9535."""
    expected = jsonpath_rfc9535.find(text, document).values()
    assert encode(ours(text, document)) == encode(expected)


@settings(max_examples=400)
@given(paths.filter(lambda text: ":" not in text), st.lists(documents, max_size=3))
def test_another_library_finds_the_same(text: str, document: JsonValue) -> None:
    """The same against python-jsonpath, which cuts texts by slices and parses text documents."""
    assert encode(ours(text, document)) == encode(jsonpath.findall(text, document))


conditions = st.sampled_from(
    [
        "@.a == 1",
        "@.a != 'a'",
        "@.a > 0",
        "@.a <= 2",
        "@.a",
        "!@.b",
        "@.a && @.b",
        "@.a == 'a' || @.b == 'b'",
        "@['x y'] < 2",
        "@.a.b",
        "(@.a || @.b) && !@.c",
    ]
)


@settings(max_examples=400)
@given(
    conditions, st.lists(st.dictionaries(names, st.integers(-3, 3) | st.sampled_from(["a", "b"])))
)
def test_filters_agree_with_the_standard(condition: str, document: list[JsonValue]) -> None:
    """Comparisons, existence and logic over an array of objects."""
    text = f"$[?({condition})]"
    assert encode(ours(text, document)) == encode(jsonpath_rfc9535.find(text, document).values())


fragments = st.sampled_from(
    [
        "$", "$$", "@", ".", "..", "a", "['a']", "[0]", "[-1]", "[*]", "[?(", ")]", "==", "1",
        "'a'", "[", "]", "(", ")", "!", "&&", "||", "=~", "/a/i", " ", "[1:2]", ":", ",",
        ".length()",
        ".min()", "in", "[1,2]", "size", "empty", "true", "null", "é", "\\", "'", '"', "-", "*",
        "\n",
    ]
)  # fmt: skip


def outcome(text: str, document: JsonValue) -> str | bytes:
    """What comes of reading by this text: a sentence or a value."""
    try:
        return encode(compile_path(text).read(document, NOTHING))
    except PathSyntaxError as refusal:
        return refusal.message
    except PathNotFound as missing:
        return missing.reason


noise = st.lists(fragments, max_size=12).map("".join)


@settings(max_examples=1500)
@given(st.one_of(noise, noise.map(lambda text: "$" + text), st.text(max_size=20)), documents)
def test_no_text_raises_anything_but_our_errors(text: str, document: JsonValue) -> None:
    """Any text is a path or refused with a sentence; any read gives a value or PathNotFound."""
    assert outcome(text, document)


@given(noise, documents)
def test_filters_of_noise_raise_only_our_errors(text: str, document: JsonValue) -> None:
    """The same for whatever stands inside a filter."""
    try:
        path = compile_path(f"$..[?({text})]")
    except PathSyntaxError:
        return
    assert isinstance(path.read(document, NOTHING), list)


@given(paths, documents)
def test_reading_changes_nothing(text: str, document: JsonValue) -> None:
    """A document reads the same before and after."""
    before = encode(document)
    ours(text, document)
    assert encode(document) == before


@pytest.mark.parametrize(
    ("left", "right"),
    list(itertools.combinations([1, "1x", True, None, [1], {"a": 1}, 0, False], 2)),
)
def test_values_of_different_kinds_are_not_equal(left: JsonValue, right: JsonValue) -> None:
    """A filter never takes true for 1, false for 0 or null for anything else."""
    document: JsonValue = [{"l": left, "r": right}]
    assert compile_path("$[?(@.l == @.r)]").read(document, NOTHING) == []
    assert compile_path("$[?(@.l != @.r)]").read(document, NOTHING) == document
