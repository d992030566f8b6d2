"""`stepwell check`: findings with their places, for people and programs, and the exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from stepwell.cli.check.shown import find
from stepwell.cli.main import main
from stepwell.values import JsonValue, decode
from tests.shared import require_shared, shared_path

GOOD = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'
BAD = """{
  "StartAt": "A",
  "States": {
    "A": {"Type": "Pas", "End": true}
  }
}
"""
UNBOUNDED = json.dumps(
    {
        "StartAt": "Ask",
        "States": {
            "Ask": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Parameters": {"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"},
                "End": True,
            }
        },
    }
)


def check(*arguments: str, given: str | bytes | None = None) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["check", *arguments], input=given)


def as_json(*arguments: str, given: str | None = None) -> Any:
    """What the command says as JSON."""
    return json.loads(check(*arguments, "--format", "json", given=given).stdout)["files"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files to check."""
    for name, text in (("good.json", GOOD), ("bad.json", BAD), ("unbounded.json", UNBOUNDED)):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_good_definition_is_ok(folder: Path) -> None:
    """One line, and status 0."""
    result = check(str(folder / "good.json"))
    assert (result.exit_code, result.stdout) == (0, f"{folder}/good.json: ok\n")


def test_an_error_is_shown_with_everything_that_helps(folder: Path) -> None:
    """Line, column, place, the line with a caret, the value, the nearest valid name; status 1."""
    result = check(str(folder / "bad.json"))
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == f"{folder}/bad.json: 1 error"
    assert result.stdout.splitlines()[3:] == [
        "  at line 4, column 11 /States/A/Type",
        '    4 |     "A": {"Type": "Pas", "End": true}',
        "      |           ^",
        '  seen: "Pas"',
        "  hint: did you mean 'Pass'?",
        "",
    ]


def test_warnings_are_shown_and_are_no_failure(folder: Path) -> None:
    """Unless only errors are asked for."""
    name = str(folder / "unbounded.json")
    result = check(name)
    assert result.exit_code == 0
    assert "1 warning\n" in result.stdout
    assert "warning[TOKEN_WAIT_UNBOUNDED]" in result.stdout
    assert check(name, "--severity", "error").stdout == f"{name}: ok\n"


def test_several_files_are_all_checked(folder: Path) -> None:
    """Each with its own line; one that is bad makes the status 1."""
    result = check(*(str(folder / name) for name in ("good.json", "bad.json", "unbounded.json")))
    assert result.exit_code == 1
    for told in ("good.json: ok", "bad.json: 1 error", "unbounded.json: 1 warning"):
        assert f"/{told}\n" in result.stdout


def test_what_cannot_be_read_is_told_and_the_rest_is_checked(folder: Path) -> None:
    """Status 2, whatever else there is to say."""
    (folder / "latin.json").write_bytes(b'{"Comment": "\xe9"}')
    (folder / "long.json").write_bytes(b" " * 8_000_001)
    missing, latin, long = (str(folder / n) for n in ("no.json", "latin.json", "long.json"))
    result = check(missing, str(folder), latin, long, str(folder / "bad.json"))
    assert result.exit_code == 2
    assert "1 error" in result.stdout
    assert "Traceback" not in result.output
    assert result.stderr.splitlines() == [
        f"{missing}: cannot be read: No such file or directory",
        f"{folder}: cannot be read: it is a folder: name the files in it",
        f"{latin}: cannot be read: it is not UTF-8 text",
        f"{long}: cannot be read: it is longer than 8,000,000 bytes",
    ]
    [told] = as_json(missing)
    assert told == {
        "file": missing,
        "result": "UNREADABLE",
        "reason": "No such file or directory",
    }


def test_the_standard_input_can_be_checked() -> None:
    """JSON or YAML, told apart by the brace; a byte order mark is no trouble."""
    assert check("-", given=GOOD).exit_code == 0
    assert check("-", given=BAD).exit_code == 1
    assert check("-", given="StartAt: A\nStates: {A: {Type: Succeed}}\n").stdout == "-: ok\n"
    assert check("-", given=b"\xef\xbb\xbf" + GOOD.encode()).exit_code == 0


def test_the_type_matters() -> None:
    """Express machines may not wait for tokens."""
    assert check("-", given=UNBOUNDED).exit_code == 0
    result = check("-", "--type", "EXPRESS", given=UNBOUNDED)
    assert result.exit_code == 1
    assert "Express state machine does not support" in result.stdout


def test_programs_get_json(folder: Path) -> None:
    """With AWS's place and a JSON pointer, for every file."""
    good, bad = as_json(str(folder / "good.json"), str(folder / "bad.json"))
    assert good == {"file": str(folder / "good.json"), "result": "OK", "diagnostics": []}
    [finding] = bad["diagnostics"]
    assert bad["result"] == "FAIL"
    assert finding.pop("message").startswith("The field 'Type' should have one of")
    assert finding == {
        "severity": "ERROR",
        "code": "SCHEMA_VALIDATION_FAILED",
        "line": 4,
        "column": 11,
        "location": "/States/A/Type",
        "pointer": "/States/A/Type",
        "seen": '"Pas"',
        "hint": "did you mean 'Pass'?",
    }


def test_text_that_is_no_json_is_shown_in_short() -> None:
    """AWS repeats the whole text; a person has it already."""
    result = check("-", given='{"StartAt": "A",\n "States" {}}')
    assert result.exit_code == 1
    assert "[Source" not in result.stdout
    assert "line 2, column 11" in result.stdout


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "1", '"a"', "\x00", "- a", "a: b"])
def test_what_is_no_definition_is_an_error(text: str) -> None:
    """Status 1, never a traceback."""
    result = check("-", given=text)
    assert result.exit_code == 1
    assert result.exception is None or isinstance(result.exception, SystemExit)


DEFINITION = '{"States": {"a/b": {"c": [1, {"~": 2}]}, "a": {"x": 3, "b": {"y": 4}}, "c[0]": 5}}'


@pytest.mark.parametrize(
    ("location", "parts", "value"),
    [
        ("/", [], None),
        ("/States/a/b/c[1]/~", ["States", "a/b", "c", "1", "~"], 2),
        ("/States/a/b/y", ["States", "a", "b", "y"], 4),
        ("/States/a/x", ["States", "a", "x"], 3),
        ("/States/c[0]", ["States", "c[0]"], 5),
    ],
)
def test_a_place_is_read_along_the_definition(
    location: str, parts: list[str], value: JsonValue
) -> None:
    """Names may hold slashes and brackets."""
    found = find(decode(DEFINITION), location)
    assert found is not None
    assert found[0] == parts
    assert value is None or found[1] == value


@pytest.mark.parametrize("location", ["/States/nope", "/States/a/b/c[9]", "/States/a/bc", "x"])
def test_a_place_where_nothing_is_has_no_value(location: str) -> None:
    """What is missing has no value to show."""
    assert find(decode(DEFINITION), location) is None


HERE_NOT = json.dumps(
    {
        "StartAt": "Call",
        "States": {
            "Call": {
                "Type": "Task",
                "Resource": "arn:aws:states:::glue:startJobRun",
                "Parameters": {"JobName": "hello"},
                "End": True,
            }
        },
    }
)


def test_what_is_only_valid_on_aws_is_a_warning() -> None:
    """The definition is valid; that this server would refuse it is said all the same."""
    result = check("-", given=HERE_NOT)
    assert result.exit_code == 0
    assert "warning[NOT_RUN_HERE]" in result.stdout


def test_what_is_only_valid_on_aws_is_an_error_for_this_server() -> None:
    """Asked for it, the command says what CreateStateMachine would: also when warnings are not
    shown."""
    for severity in ("warning", "error"):
        result = check("--for-this-server", "--severity", severity, "-", given=HERE_NOT)
        assert result.exit_code == 1
        assert "error[NOT_RUN_HERE]" in result.stdout
    assert check("--for-this-server", "-", given=UNBOUNDED).exit_code == 0
    yaml = (
        "StartAt: A\nStates: {A: {Type: Task, Resource: 'arn:aws:states:::http:invoke', End: true}}"
    )
    (one,) = as_json("--for-this-server", "-", given=yaml)
    assert one["result"] == "FAIL"


def invalid_fixtures() -> list[Path]:
    """Definitions of others that AWS refuses; nothing when they are not there."""
    return sorted(shared_path("corpus", "invalid").glob("*.json"))


def is_not_run_here(one: Any) -> bool:
    """Whether it would be refused anyway."""
    return any(finding["code"] == "NOT_RUN_HERE" for finding in one["diagnostics"])


def test_every_invalid_fixture_is_refused(tmp_path: Path) -> None:
    """Each error of the corpus has a line and a column that are there, and fails its file."""
    require_shared("corpus", "invalid")
    files: dict[str, list[Path]] = {}
    for path in invalid_fixtures():
        fixture = json.loads(path.read_text())
        text = fixture.get("definition_text") or json.dumps(fixture["definition"], indent=1)
        kind = str(fixture.get("type") or "STANDARD")
        (tmp_path / path.name).write_text(text)
        files.setdefault(kind, []).append(tmp_path / path.name)
    checked = [
        one for kind, names in files.items() for one in as_json("--type", kind, *map(str, names))
    ]
    assert len(checked) == len(invalid_fixtures())
    passed = [one for one in checked if one["result"] == "OK" and not is_not_run_here(one)]
    # One validator's opinion each: on a text as a number, and on blanks in a JSONata expression.
    assert {Path(one["file"]).name[:4] for one in passed} <= {"0016", "0021", "0033"}
    for one in checked:
        lines = Path(one["file"]).read_text().split("\n")
        for finding in one["diagnostics"]:
            assert 1 <= finding["line"] <= len(lines), one["file"]
            assert 1 <= finding["column"] <= len(lines[finding["line"] - 1]) + 1, one["file"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        (
            "template.yaml",
            "Resources: {M: {Type: AWS::Serverless::StateMachine}}",
            "it is a template: `stepwell doctor {name}` looks at the state machines in it",
        ),
        (
            "stack.json",
            '{"Resources": {"M": {"Type": "AWS::StepFunctions::StateMachine"}}}',
            "it is a template: `stepwell doctor {name}` looks at the state machines in it",
        ),
        (
            "serverless.yml",
            "service: s\nstepFunctions: {stateMachines: {}}",
            "it is a file of the Serverless Framework",
        ),
    ],
)
def test_files_of_another_kind_are_sent_elsewhere(
    tmp_path: Path, name: str, content: str, told: str
) -> None:
    """A template's findings would be about fields that no definition has."""
    path = tmp_path / name
    path.write_text(content)
    result = check(str(path))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{path}: cannot be read: {told.format(name=path)}")


@pytest.mark.parametrize(
    ("name", "content", "hint"),
    [
        ("a.json", "", "it is empty"),
        ("a.json", "[]", "an object with StartAt and States"),
        ("a.json", '{"StartAt": "A",}', "no comma stands before '}'"),
        ("a.json", '{"StartAt": ["A",]}', "no comma stands before ']'"),
        ("a.json", '{"StartAt": "A" // the first\n}', "JSON has no comments"),
        ("a.json", "{'StartAt': 'A'}", "double quotes"),
        ("a.json", '{StartAt: "A"}', "names stand in double quotes"),
        ("a.json", '{"StartAt": "A" "States": {}}', "is a comma missing"),
        ("a.json", '{"End": True}', "write true"),
        ("a.json", '{"Result": None}', "write null"),
        ("a.json", '{"Result": NaN}', "no such number"),
        ("a.json", '{"StartAt": A}', "texts stand in double quotes"),
        ("a.yaml", "StartAt: A\nStates:\n\tA: {}\n", "not with tabs"),
    ],
)
def test_what_is_written_elsewhere_is_explained(
    tmp_path: Path, name: str, content: str, hint: str
) -> None:
    """Slips of people who write JSON and YAML by hand."""
    path = tmp_path / name
    path.write_text(content)
    result = check(str(path))
    assert result.exit_code == 1
    assert hint in result.stdout.partition("hint: ")[2]
