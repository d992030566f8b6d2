"""YAML stands for the JSON it says, with places in the YAML."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stepwell.cli.check.review import review_file
from stepwell.cli.check.yaml_text import JSON_CHARACTERS_MAX, YamlTrouble, read_yaml
from tests.shared import require_shared, shared_path

MACHINE = """\
# 😀 ünïcode before it all
StartAt: Ask
States:
  Ask:
    Type: Task   # not closed
    Resource: &arn arn:aws:states:::sqs:sendMessage
    Parameters:
      QueueUrl: !Sub "${Queue}/x"
      MessageBody: [a, {b: "😀"}]
    Retry:
      - ErrorEquals: [States.ALL]
        MaxAttempts: -1
    Next: Done
  Done: {Type: Pas, End: true}
"""


def review(text: str, tmp_path: Path) -> list[tuple[str, int, int]]:
    """Places, lines and columns of what is found in a YAML file."""
    path = tmp_path / "flow.asl.yaml"
    path.write_text(text, encoding="utf-8")
    found = review_file(str(path), "STANDARD", "WARNING").shown
    return [(finding.location, finding.line, finding.column) for finding in found]


def test_findings_stand_in_the_yaml(tmp_path: Path) -> None:
    """Line and column of the key, beyond letters of any width."""
    assert review(MACHINE, tmp_path) == [
        ("/States/Ask/Retry[0]/MaxAttempts", 12, 9),
        ("/States/Done/Type", 14, 10),
    ]


def test_broken_yaml_is_one_finding(tmp_path: Path) -> None:
    """With the place where it breaks."""
    path = tmp_path / "flow.yml"
    path.write_text("a: [1, 2\nb: 3")
    [finding] = review_file(str(path), "STANDARD", "WARNING").shown
    assert (finding.severity, finding.code) == ("ERROR", "INVALID_YAML_DESCRIPTION")
    assert (finding.line, finding.column) == (2, 2)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# nothing", None),
        ("a: 1", {"a": 1}),
        ("a: 1.5\nb: -0x1F\nc: 1_000\nd: 010", {"a": 1.5, "b": -31, "c": 1000, "d": 8}),
        ("a: yes\nb: No\nc: on\nd: true", {"a": True, "b": False, "c": True, "d": True}),
        ("a: ~\nb:\nc: null\nd: ''", {"a": None, "b": None, "c": None, "d": ""}),
        (
            "a: 2024-01-01T00:00:00Z\nb: 2024-01-01",
            {"a": "2024-01-01T00:00:00Z", "b": "2024-01-01"},
        ),
        ("a: .inf\nb: .nan", {"a": ".inf", "b": ".nan"}),
        ("1: a\ntrue: b\n~: c", {"1": "a", "true": "b", "~": "c"}),
        ('a: "1"\nb: !!str 1\nc: !!int "1"', {"a": "1", "b": "1", "c": 1}),
        ("a: !Ref X\nb: !GetAtt X.Arn\nc: !Sub '${X}'", {"a": "X", "b": "X.Arn", "c": "${X}"}),
        (
            "a: &x [1, {b: 2}]\nc: *x\nd: *x",
            {"a": [1, {"b": 2}], "c": [1, {"b": 2}], "d": [1, {"b": 2}]},
        ),
        (
            "a: &x {b: 1}\nc: {d: *x, e: [*x, 2]}",
            {"a": {"b": 1}, "c": {"d": {"b": 1}, "e": [{"b": 1}, 2]}},
        ),
        ("a: &s text\nb: *s", {"a": "text", "b": "text"}),
        ("a: |\n  x\n  y\nb: >\n  x\n  y", {"a": "x\ny\n", "b": "x y"}),
        ("- []\n- {}\n- - 1", [[], {}, [1]]),
        ('"a\\n\\u00e9\\"": "\\t\\\\"', {'a\né"': "\t\\"}),
    ],
)
def test_yaml_is_json(text: str, value: object) -> None:
    """Scalars by YAML 1.1, but times stay text; keys are text; tags are passed over."""
    read = read_yaml(text)
    assert (json.loads(read.json_text) if read.json_text else None) == value


def test_a_key_that_stands_twice_stands_twice_in_the_json(tmp_path: Path) -> None:
    """The check speaks of it, as for JSON, and names the second one."""
    text = "StartAt: A\nStates:\n  A: {Type: Succeed}\n  A: {Type: Succeed}\n"
    assert review(text, tmp_path) == [("/States/A", 4, 3)]


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("a: 1\n---\nb: 2", "more than one document", 2),
        ("a: 1\n? [b]\n: 2", "A key must be text", 2),
        ("a: &x\n  b: *x", "stands for nothing", 2),
        ("a: *x", "stands for nothing", 1),
        ("a: 'b", "not YAML", 1),
        ("\ta: b", "not YAML", 1),
        ("a: \x01", "not YAML", 1),
        ("a: b: c", "not YAML", 1),
    ],
)
def test_what_no_json_can_say_is_trouble(text: str, words: str, line: int) -> None:
    """With a reason and the line."""
    with pytest.raises(YamlTrouble, match=words) as raised:
        read_yaml(text)
    assert raised.value.line == line


def test_aliases_cannot_grow_without_bound() -> None:
    """Ten aliases of ten aliases, and so on, end at a bound and quickly."""
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(YamlTrouble, match="too long"):
        read_yaml("\n".join(rows))
    assert JSON_CHARACTERS_MAX <= 8_000_000


@pytest.mark.parametrize("text", ["[" * 5_000, "- " * 5_000, "{a: " * 5_000, "[" * 900 + "]" * 900])
def test_deep_nesting_is_no_trouble(text: str, tmp_path: Path) -> None:
    """A finding, whatever the parser thinks of it."""
    path = tmp_path / "deep.yaml"
    path.write_text(text)
    assert review_file(str(path), "STANDARD", "WARNING").has_errors


# PyYAML's own writer does not escape some line breaks and control characters.
TEXT = st.text(
    st.characters(
        exclude_categories=("Cc", "Cs"), exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"
    ),
    max_size=8,
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(-1e12, 1e12).map(lambda number: round(number, 3))
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


@given(JSON)
def test_what_pyyaml_writes_is_read_as_it_was(value: object) -> None:
    """Any JSON value, in block and in flow style."""
    for flow in (False, True, None):
        text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True)
        assert json.loads(read_yaml(text).json_text) == value


def test_every_invalid_fixture_is_refused_in_yaml_too(tmp_path: Path) -> None:
    """The same findings at the same places of the definition, with lines of the YAML."""
    require_shared("corpus", "invalid")
    compared = 0
    for path in sorted(shared_path("corpus", "invalid").glob("*.json")):
        fixture = json.loads(path.read_text())
        if "definition_text" in fixture or not isinstance(fixture["definition"], dict):
            continue
        kind = str(fixture.get("type") or "STANDARD")
        (tmp_path / "a.json").write_text(json.dumps(fixture["definition"]))
        (tmp_path / "a.yaml").write_text(yaml.safe_dump(fixture["definition"], sort_keys=False))
        as_json = review_file(str(tmp_path / "a.json"), kind, "WARNING")
        as_yaml = review_file(str(tmp_path / "a.yaml"), kind, "WARNING")
        assert [(f.code, f.message, f.location) for f in as_yaml.shown] == [
            (f.code, f.message, f.location) for f in as_json.shown
        ]
        lines = as_yaml.text.split("\n")
        assert all(1 <= f.line <= len(lines) for f in as_yaml.shown)
        compared += 1
    assert compared > 100
