"""JSONata's own test suite, as far as Step Functions lets an expression see its input.

The suite comes from the registry of Rust crates, inside of an implementation of JSONata in Rust
that carries it along; `cargo` fetches it. A case's input becomes `$states.input`, so cases whose
input is no object, or that look at the root, can't be played.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stepwell.language.jsonata.evaluator import Outcome, evaluate, refusal
from stepwell.language.jsonata.functions import Surroundings
from tests.language.jsonata.test_reference import same

CARRIER, VERSION = "jsonata-rs", "0.3.4"
PLAYED_MIN = 1_470

_EVAL = "Step Functions forbids $eval"
_BOUND = "a sequence has 100,000 elements at most"
_WRAPPED = "the case speaks of the input itself, which is $states here"
_DEPTH = "recursion is bounded by other numbers than the case's own"
_CLOCK = "the case says by a pattern what the answer looks like: time and chance are given here"
_TEXT = "the carrier of the suite writes it so; JSONata's own implementation writes 1e+21"
DIFFERENT = {
    "groups/descendent-operator/case016.json": _WRAPPED,
    "groups/encoding/case001.json": _WRAPPED,
    "groups/encoding/case003.json": _WRAPPED,
    "groups/flattening/case037.json": "[] keeps the array inside of the parentheses only",
    "groups/flattening/case038.json": "[] keeps the array inside of the parentheses only",
    "groups/flattening/case045.json": "[] keeps the array inside of the parentheses only",
    "groups/flattening/large.json#0": _BOUND,
    "groups/flattening/large.json#1": _BOUND,
    "groups/function-millis/case001.json": _CLOCK,
    "groups/function-string/case002.json": _TEXT,
    "groups/function-string/case007.json": _TEXT,
    "groups/function-string/case022.json": _WRAPPED,
    "groups/function-tomillis/parseDateTime.json#40": _CLOCK,
    "groups/function-trim/case002.json": _WRAPPED,
    "groups/function-uuid/case000.json": _CLOCK,
    "groups/range-operator/case021.json": _BOUND,
    "groups/range-operator/case024.json": _BOUND,
    "groups/token-conversion/case002.json": _WRAPPED,
    "skip/errors/case015.json": _WRAPPED,
    "skip/function-encodeUrl/case002.json": "half a character is refused before it is evaluated",
    "skip/function-encodeUrlComponent/case002.json": "half a character is refused likewise",
    **{f"skip/function-eval/case00{n}.json": _EVAL for n in range(8)},
    **{f"skip/parent-operator/errors.json#{n}": _WRAPPED for n in (1, 4, 5, 7, 10, 11)},
    **{f"skip/tail-recursion/case00{n}.json": _DEPTH for n in (1, 2, 5, 6)},
    "skip/transform/case022.json": _WRAPPED,
}
"""The cases that end otherwise here, each with its reason."""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the suite."""
    if shutil.which("cargo") is None:
        pytest.skip("JSONata's test suite comes with a Rust crate: `cargo` was not found")
    project = tmp_path_factory.mktemp("suite")
    (project / "src").mkdir()
    (project / "src/main.rs").write_text("fn main() {}\n")
    (project / "Cargo.toml").write_text(
        '[package]\nname = "suite"\nversion = "0.1.0"\nedition = "2021"\n'
        f'[dependencies]\n{CARRIER} = "={VERSION}"\n'
    )
    command = ["cargo", "vendor", "--quiet", "crates"]
    subprocess.run(command, cwd=project, check=True, capture_output=True, timeout=110)
    return project / "crates" / CARRIER / "tests/testsuite"


def cases(suite: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every case with its name."""
    for path in sorted((*suite.glob("groups/*/*.json"), *suite.glob("skip/*/*.json"))):
        name = path.relative_to(suite).as_posix()
        read = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(read, dict):
            yield name, read
        else:
            yield from ((f"{name}#{number}", case) for number, case in enumerate(read))


def playable(case: dict[str, Any], datasets: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """A case's expression and its variables; None when it can't be asked here."""
    text = case.get("expr")
    if text is None or "$$" in text:
        return None
    data = case["data"] if "data" in case else datasets.get(case.get("dataset") or "")
    variables = {"states": {}, **(case.get("bindings") or {})}
    if data is None:
        return text, variables
    if not isinstance(data, dict):
        return None
    return f"$states.input.({text}\n)", {**variables, "states": {"input": data}}


def outcome_of(text: str, variables: dict[str, Any]) -> Outcome:
    """How it ends here."""
    refused = refusal(text)
    if refused is not None:
        return Outcome("error", message=refused.message)
    return evaluate(text, variables, Surroundings(0, b"seed"))


def agrees(outcome: Outcome, case: dict[str, Any]) -> bool:
    """Whether it ends as the case says."""
    if "code" in case or "error" in case:
        code = case.get("code") or case["error"]["code"]
        return outcome.kind == "error" and outcome.message.partition(":")[0] == code
    if case.get("undefinedResult"):
        return outcome.kind == "undefined"
    return outcome.kind == "value" and same(outcome.value, case.get("result"))


def test_the_suite_agrees(suite: Path) -> None:
    """All cases that can be played end as they should, but for those that are argued for."""
    datasets = {p.stem: json.loads(p.read_text()) for p in suite.glob("datasets/*.json")}
    played, different = 0, set()
    for name, case in cases(suite):
        asked = playable(case, datasets)
        if asked is not None:
            played += 1
            if not agrees(outcome_of(*asked), case):
                different.add(name)
    assert played >= PLAYED_MIN
    assert different == set(DIFFERENT)
