"""DescribeParameters."""

from __future__ import annotations

from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.ssm import filters, names, paging
from stepwell.services.ssm.errors import invalid
from stepwell.services.ssm.parameters import Parameters
from stepwell.services.ssm.records import ParameterRow

PAGE_MAX = 50


async def describe_parameters(parameters: Parameters, call: Call, params: Params) -> dict[str, Any]:
    """DescribeParameters: everything but values, at most fifty at a time."""
    old, new = params.get("Filters") or [], params.get("ParameterFilters") or []
    if old and new:
        raise invalid("You can use either Filters or ParameterFilters in a single request.")
    if params.get("Shared"):
        return {"Parameters": []}
    wants = filters.described_by(new or filters.old_form(old))
    rows = [
        row
        for row in parameters.parameters.of(call.scope)
        if wants(row, parameters.newest(row), parameters.versions_of(row))
    ]
    page, token = paging.cut(rows, params, PAGE_MAX)
    found = [_described(parameters, call, row) for row in page]
    return {"Parameters": found, "NextToken": token}


def _described(parameters: Parameters, call: Call, row: ParameterRow) -> dict[str, Any]:
    newest = parameters.newest(row)
    return {
        "Name": row.name,
        "ARN": names.arn(call.account, call.region, row.name),
        "Type": newest.type,
        "KeyId": newest.key_id or None,
        "LastModifiedDate": newest.modified_at / 1000,
        "LastModifiedUser": newest.modified_by,
        "Description": newest.description or None,
        "AllowedPattern": newest.allowed_pattern or None,
        "Version": newest.version,
        "Tier": newest.tier,
        "Policies": [],
        "DataType": newest.data_type,
    }
