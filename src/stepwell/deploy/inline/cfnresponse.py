"""Answers to custom resources, beside the inline code of a Python function.

    import cfnresponse

    def handler(event, context):
        cfnresponse.send(event, context, cfnresponse.SUCCESS, {"Name": "value"})

Runs inside the function, on any Python that functions run on: nothing but the standard library.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from typing import Any

SUCCESS = "SUCCESS"
FAILED = "FAILED"

ANSWER_SECONDS_MAX = 30


def send(
    event: dict[str, Any],
    context: Any,
    responseStatus: str,  # noqa: N803
    responseData: dict[str, Any] | None,  # noqa: N803
    physicalResourceId: str | None = None,  # noqa: N803
    noEcho: bool = False,  # noqa: N803
    reason: str | None = None,
) -> None:
    """Tell the stack how it went. The names are those that templates everywhere call it with."""
    where = f"See the details in CloudWatch Log Stream: {context.log_stream_name}"
    answer = {
        "Status": responseStatus,
        "Reason": reason or where,
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }
    # Without a type of its content: the address is signed for none.
    request = urllib.request.Request(
        event["ResponseURL"],
        data=json.dumps(answer).encode(),
        headers={"Content-Type": ""},
        method="PUT",
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS_MAX) as told:
            sys.stdout.write(f"Status code: {told.status}\n")
    except Exception as error:
        # As AWS's: the function itself does not fail because its answer was lost.
        sys.stdout.write(f"send(..) failed executing http.request(..): {error}\n")
