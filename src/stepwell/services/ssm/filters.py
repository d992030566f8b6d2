"""Filters of DescribeParameters and GetParametersByPath."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from stepwell.errors import ServiceError
from stepwell.services.ssm.records import ParameterRow, VersionRow, labels_of, tags_of

Wants: TypeAlias = Callable[[ParameterRow, VersionRow, Sequence[VersionRow]], bool]

_OPTIONS = {
    "Name": ("Equals", "BeginsWith", "Contains"),
    "Path": ("OneLevel", "Recursive"),
    "Type": ("Equals", "BeginsWith"),
    "KeyId": ("Equals", "BeginsWith"),
    "Tier": ("Equals",),
    "DataType": ("Equals",),
    "Label": ("Equals",),
}
_BY_PATH = ("Type", "KeyId", "Label")


def by_path(given: list[dict[str, Any]]) -> Wants:
    """The filters of GetParametersByPath. Raises InvalidFilterKey."""
    for each in given:
        if each["Key"] not in _BY_PATH:
            raise ServiceError(
                "InvalidFilterKey",
                f"The following filter key is not valid: {each['Key']}. Valid filter keys include: "
                f"[{', '.join(_BY_PATH)}].",
            )
    return described_by(given)


def old_form(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`Filters` of DescribeParameters as the newer `ParameterFilters`: names begin with theirs."""
    return [
        {
            "Key": each["Key"],
            "Option": "BeginsWith" if each["Key"] == "Name" else "Equals",
            "Values": each["Values"],
        }
        for each in given
    ]


def described_by(given: list[dict[str, Any]]) -> Wants:
    """Whether a parameter fits all filters. Raises InvalidFilterKey, InvalidFilterOption."""
    keys = [each["Key"] for each in given]
    if len(set(keys)) < len(keys):
        raise ServiceError(
            "InvalidFilterKey", "The filters can't hold the same key more than once."
        )
    tests = [_test(each) for each in given]
    return lambda row, newest, versions: all(test(row, newest, versions) for test in tests)


def _test(given: dict[str, Any]) -> Wants:
    key, values = given["Key"], given.get("Values") or []
    if key.startswith("tag:"):
        name = key[4:]
        return lambda row, _newest, _versions: (
            name in tags_of(row) and (not values or tags_of(row)[name] in values)
        )
    options = _OPTIONS.get(key)
    if options is None:
        raise ServiceError(
            "InvalidFilterKey",
            f"The following filter key is not valid: {key}. Valid filter keys include: "
            f"[{', '.join(_OPTIONS)}, tag:<key>].",
        )
    option = given.get("Option") or options[0]
    if option not in options:
        raise ServiceError(
            "InvalidFilterOption",
            f"The following filter option is not valid: {option}. Valid options include: "
            f"[{', '.join(options)}].",
        )
    if not values:
        raise ServiceError("InvalidFilterValue", f"The following filter values are missing: {key}")
    if key == "Path":
        return _path(values, recursive=option == "Recursive")
    if key == "Label":
        return lambda _row, _newest, versions: any(
            label in values for version in versions for label in labels_of(version)
        )
    read = _READ[key]
    compare = _COMPARE[option]
    return lambda row, newest, _versions: any(compare(text, read(row, newest)) for text in values)


def _path(paths: list[str], *, recursive: bool) -> Wants:
    starts = [path if path.endswith("/") else f"{path}/" for path in paths]

    def test(row: ParameterRow, _newest: VersionRow, _versions: Sequence[VersionRow]) -> bool:
        full = row.name if row.name.startswith("/") else f"/{row.name}"
        return any(
            full.startswith(start) and (recursive or "/" not in full[len(start) :])
            for start in starts
        )

    return test


_READ: dict[str, Callable[[ParameterRow, VersionRow], str]] = {
    "Name": lambda row, newest: row.name,
    "Type": lambda row, newest: newest.type,
    "KeyId": lambda row, newest: newest.key_id,
    "Tier": lambda row, newest: newest.tier,
    "DataType": lambda row, newest: newest.data_type,
}
_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "Equals": lambda wanted, text: text == wanted or text == f"/{wanted}",
    "BeginsWith": lambda wanted, text: text.startswith((wanted, f"/{wanted}")),
    "Contains": lambda wanted, text: wanted in text,
}
