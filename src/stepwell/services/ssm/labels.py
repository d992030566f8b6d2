"""LabelParameterVersion and UnlabelParameterVersion. A label stands on one version only."""

from __future__ import annotations

import re
from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.api import Call, Params
from stepwell.services.ssm.errors import version_not_found
from stepwell.services.ssm.names import place
from stepwell.services.ssm.parameters import Parameters
from stepwell.services.ssm.records import VersionRow, labels_of
from stepwell.values import encode_text

LABELS_MAX = 10
_LABEL = re.compile(r"(?!\d)(?i:(?!aws|ssm))[A-Za-z0-9_.\-]{1,100}")


async def label_version(parameters: Parameters, call: Call, params: Params) -> dict[str, Any]:
    """LabelParameterVersion: labels that cannot be are told, the others are put."""
    row = parameters.find(call, params["Name"])
    number = params.get("ParameterVersion") or row.version
    target = parameters.versions.get(place(row.scope, row.name), number)
    if target is None:
        raise version_not_found(str(number), row.name)
    asked = list(dict.fromkeys(params["Labels"]))
    wrong = [label for label in asked if not _LABEL.fullmatch(label)]
    good = [label for label in asked if label not in wrong]
    after = list(dict.fromkeys([*labels_of(target), *good]))
    if len(after) > LABELS_MAX:
        raise ServiceError(
            "ParameterVersionLabelLimitExceeded",
            f"An error occurred (ParameterVersionLabelLimitExceeded) when calling the "
            "LabelParameterVersion operation: A parameter version can have maximum "
            f"{LABELS_MAX} labels.Move one or more labels to another version and try again.",
        )
    changed = [_labelled(target, after)] if good else []
    for version in parameters.versions_of(row):
        left = [label for label in labels_of(version) if label not in good]
        if version.version != number and len(left) < len(labels_of(version)):
            changed.append(_labelled(version, left))
    await _keep(parameters, changed)
    return {"InvalidLabels": wrong, "ParameterVersion": number}


async def unlabel_version(parameters: Parameters, call: Call, params: Params) -> dict[str, Any]:
    """UnlabelParameterVersion."""
    row = parameters.find(call, params["Name"])
    number = params["ParameterVersion"]
    target = parameters.versions.get(place(row.scope, row.name), number)
    if target is None:
        raise version_not_found(str(number), row.name)
    there = labels_of(target)
    removed = [label for label in dict.fromkeys(params["Labels"]) if label in there]
    wrong = [label for label in dict.fromkeys(params["Labels"]) if label not in there]
    await _keep(parameters, [_labelled(target, [label for label in there if label not in removed])])
    return {"RemovedLabels": removed, "InvalidLabels": wrong}


def _labelled(version: VersionRow, labels: list[str]) -> VersionRow:
    return version._replace(labels=encode_text(labels))


async def _keep(parameters: Parameters, versions: list[VersionRow]) -> None:
    with parameters.parts.ledger.stage() as turn:
        for version in versions:
            parameters.versions.put(turn, version)
    await parameters.parts.ledger.committed()
