"""The rules of Retry and Catch."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.language.check_jsonata import check_jsonata_catcher
from stepwell.language.check_variables import check_assign
from stepwell.language.fields import (
    BACKOFF_RATE_MAX,
    CATCHER_FIELDS,
    MAX_DELAY_SECONDS_MAX,
    RETRIER_FIELDS,
)
from stepwell.language.findings import Findings
from stepwell.values import JsonObject, JsonValue


def check_retry(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """Every retrier of a state."""
    language = findings.language_of(state)
    for retrier, place in _entries(findings, state[name], f"{pointer}/{name}"):
        findings.known_fields(retrier, RETRIER_FIELDS, place, language)
        findings.integer(retrier, "IntervalSeconds", place, 0)
        findings.integer(retrier, "MaxAttempts", place, 0)
        findings.integer(retrier, "MaxDelaySeconds", place, 1, MAX_DELAY_SECONDS_MAX)
        _check_backoff_rate(findings, retrier, place)
        if "JitterStrategy" in retrier:
            strategy, where = retrier["JitterStrategy"], f"{place}/JitterStrategy"
            findings.one_of(strategy, ("NONE", "FULL"), where)


def check_catch(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """Every catcher of a state."""
    language = findings.language_of(state)
    for catcher, place in _entries(findings, state[name], f"{pointer}/{name}"):
        findings.known_fields(catcher, CATCHER_FIELDS, place, language)
        findings.required([] if "Next" in catcher else ["Next"], place)
        findings.text(catcher, "Next", place)
        path = catcher.get("ResultPath")
        if language == "JSONPath" and path is not None:
            findings.reference_path(path, f"{place}/ResultPath")
        if language == "JSONata":
            check_jsonata_catcher(findings, catcher, place)
        elif "Assign" in catcher:
            check_assign(findings, catcher["Assign"], f"{place}/Assign", language)


def _entries(findings: Findings, value: JsonValue, place: str) -> Iterator[tuple[JsonObject, str]]:
    """The entries that are objects, each with its place; what is not is named."""
    if not isinstance(value, list):
        findings.error("Expected value of type Array", place)
        return
    for index, entry in enumerate(value):
        where = f"{place}[{index}]"
        if not isinstance(entry, dict):
            findings.error("Expected value of type Object", where)
            continue
        _check_error_equals(findings, entry, where, is_last=index == len(value) - 1)
        findings.text(entry, "Comment", where)
        yield entry, where


def _check_error_equals(
    findings: Findings, entry: JsonObject, place: str, *, is_last: bool
) -> None:
    """ErrorEquals is a list of names; States.ALL stands alone, and in the last entry."""
    where = f"{place}/ErrorEquals"
    if "ErrorEquals" not in entry:
        findings.required(["ErrorEquals"], place)
        return
    names = entry["ErrorEquals"]
    if not isinstance(names, list):
        findings.error("Expected value of type Array", where)
        return
    if not names:
        findings.error("Value cannot be empty", where)
    for index, name in enumerate(names):
        if not isinstance(name, str):
            findings.error("Expected value of type String", f"{where}[{index}]")
    if "States.ALL" in names and (len(names) > 1 or not is_last):
        findings.error(
            "States.ALL must appear alone and at end of list",
            f"{where}[{names.index('States.ALL')}]",
            "it matches every error, so what stands beside or after it would never be asked",
        )


def _check_backoff_rate(findings: Findings, retrier: JsonObject, place: str) -> None:
    """BackoffRate is a number of at least 1. AWS names no upper bound; ours keeps it a float."""
    rate = retrier.get("BackoffRate", 1)
    if isinstance(rate, bool) or not isinstance(rate, int | float):
        findings.error("Expected value of type Number", f"{place}/BackoffRate")
    elif rate < 1:
        findings.error("Minimum value is 1.0", f"{place}/BackoffRate")
    elif rate > BACKOFF_RATE_MAX:
        findings.error(f"Maximum value is {BACKOFF_RATE_MAX}", f"{place}/BackoffRate")
