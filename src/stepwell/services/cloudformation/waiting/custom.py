"""Custom resources: a function or a topic is told what to do, and answers at a door of the server.

The request goes out in the turn that notes the wait, so it goes out once, whatever happens. The
answer may come at any time until the deadline, also after a restart.
"""

from __future__ import annotations

from typing import Any, cast

from stepwell.deploy.resource_type import Made
from stepwell.deploy.shaping import as_text, is_whole_number
from stepwell.runtime.turn import Turn
from stepwell.services.cloudformation.deployment.tried import Failed
from stepwell.services.cloudformation.documents import HIDDEN
from stepwell.services.cloudformation.records import WaitRow
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.services.cloudformation.waiting.work import Begin, Work
from stepwell.services.deliveries.delivery import Delivery
from stepwell.values import JsonObject, JsonValue, decode, encode_text

KIND = "custom"
DOOR = "/_stepwell/cloudformation/answers/"
SUBJECT = "AWS CloudFormation custom resource request"
TIMEOUT_SECONDS = 3_600
TOKEN_BYTES = 24
_REQUESTS = {"create": "Create", "replace": "Create", "update": "Update", "delete": "Delete"}


class CustomResources:
    """See the module."""

    async def start(self, work: Work) -> Made | Failed | Begin:
        """Ask the function or the topic."""
        token = work.properties.get("ServiceToken")
        if not isinstance(token, str) or token.split(":")[2:3] not in (["lambda"], ["sns"]):
            return Failed(f"Invalid service token: {as_text(token)}")
        existing = work.existing
        before = token if existing is None else existing.properties.get("ServiceToken")
        if work.action == "update" and before != token:
            return Failed("Modifying service token is not allowed.")
        seconds = as_text(work.properties.get("ServiceTimeout", TIMEOUT_SECONDS))
        if not is_whole_number(seconds, 1, TIMEOUT_SECONDS):
            return Failed(f"ServiceTimeout must be a number from 1 to {TIMEOUT_SECONDS}.")
        await _must_exist(work, token)
        return lambda turn: _ask(turn, work, token, int(seconds))

    def check(self, work: Work, token: str) -> Made | Failed | None:
        """What the answer says."""
        row = work.stacks.waits.get(token)
        if row is None:
            return Failed("Internal Failure: the request is gone")
        if row.answers:
            return _judged(work, row)
        if work.stacks.parts.clock.now() < row.deadline:
            return None
        return Failed(
            "CloudFormation did not receive a response from your Custom Resource. Please check "
            f"your logs for requestId [{row.request_id}]. If you are using the Python cfn-response "
            "module, you may need to update your Lambda function code so that CloudFormation can "
            "attach the updated version.",
            row.physical_id,
        )

    def ended(self, turn: Turn, work: Work, token: str) -> None:
        """The door closes."""
        work.stacks.waits.delete(turn, token)

    def cancel(self, work: Work, token: str) -> bool:
        """Nobody waits for the answer any more."""
        return True


async def _must_exist(work: Work, token: str) -> None:
    """Raises ServiceError when there is nobody to ask: it would be an hour until that shows."""
    account, _, region = work.stack.scope.partition(":")
    parts = token.split(":")
    cloud = work.stacks.clouds.at(
        parts[4] if len(parts) > 4 else account, parts[3] if len(parts) > 3 else region
    )
    if parts[2] == "lambda":
        await cloud.call("lambda", "GetFunctionConfiguration", {"FunctionName": token})
    else:
        await cloud.call("sns", "GetTopicAttributes", {"TopicArn": token})


def _ask(turn: Turn, work: Work, service: str, seconds: int) -> str:
    stacks = work.stacks
    token = stacks.parts.ids.secret(TOKEN_BYTES).hex()
    request_id = stacks.parts.ids.uuid()
    existing = work.existing
    physical_id = work.suffix and f"{work.stack.name}-{work.logical_id}-{work.suffix}"
    if existing is not None:
        physical_id = existing.physical_id
    event: JsonObject = {
        "RequestType": _REQUESTS[work.action],
        "ServiceToken": service,
        "ResponseURL": f"{stacks.base_url()}{DOOR}{token}",
        "StackId": work.stack.id,
        "RequestId": request_id,
        "LogicalResourceId": work.logical_id,
    }
    if existing is not None:
        event["PhysicalResourceId"] = physical_id
    event["ResourceType"] = work.type
    event["ResourceProperties"] = _texts(work.properties)
    if work.action == "update" and existing is not None:
        event["OldResourceProperties"] = _texts(existing.properties)
    deadline = stacks.parts.clock.now() + seconds * 1_000
    row = WaitRow(
        token, work.stack.id, work.logical_id, KIND, request_id, physical_id, "", deadline
    )
    stacks.waits.put(turn, row)
    stacks.parts.deliveries.send(turn, _delivery(work, service, encode_text(event)))
    turn.after_commit(lambda: stacks.deployments.ring(work.stack.id, deadline))
    return token


def _delivery(work: Work, service: str, text: str) -> Delivery:
    account, _, region = work.stack.scope.partition(":")
    request: JsonObject = {"Payload": text}
    if service.split(":")[2] == "sns":
        request = {"Subject": SUBJECT, "Message": text}
    return Delivery(service, request, account, region, work.stack.id)


def _texts(value: JsonValue) -> JsonValue:
    """Properties as functions get them: numbers and truths are texts."""
    if isinstance(value, dict):
        return {name: _texts(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return as_text(value)


def _judged(work: Work, row: WaitRow) -> Made | Failed:
    answer = cast("dict[str, Any]", decode(row.answers))
    physical_id = answer.get("PhysicalResourceId") or ""
    if answer.get("Status") != "SUCCESS":
        reason = answer.get("Reason") or "the reason was not given"
        return Failed(
            "Received response status [FAILED] from custom resource. Message returned: "
            f"{reason} (RequestId: {row.request_id})",
            str(physical_id or row.physical_id),
        )
    if not physical_id and work.action in ("create", "replace"):
        return Failed("Invalid PhysicalResourceId", row.physical_id)
    data = answer.get("Data") or {}
    if not isinstance(data, dict):
        return Failed("Invalid Data: it must be an object", str(physical_id or row.physical_id))
    if as_text(answer.get("NoEcho")).lower() == "true":
        data = {**data, HIDDEN: True}
    return Made(str(physical_id or row.physical_id), data)


def failed(stacks: Stacks, turn: Turn, payload: bytes, reason: str) -> None:
    """Take a failed invocation for the answer, if the payload was a request of ours."""
    if DOOR.encode() not in payload:
        return
    try:
        request = decode(payload)
    except ValueError:
        return
    url = request.get("ResponseURL") if isinstance(request, dict) else None
    row = stacks.waits.get(str(url).rpartition("/")[2])
    if row is None or row.kind != KIND or row.answers:
        return
    answer = encode_text({"Status": "FAILED", "Reason": f"The function failed: {reason}"})
    stacks.waits.put(turn, row._replace(answers=answer))
    turn.after_commit(lambda: stacks.deployments.poke(row.stack))


def read_answer(body: bytes) -> tuple[JsonObject, str]:
    """An answer's document, or what is wrong with it."""
    if len(body) > ANSWER_BYTES_MAX:
        return {}, "Response object is too long."
    try:
        document = decode(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return {}, "Response is not valid JSON"
    if document.get("Status") not in ("SUCCESS", "FAILED"):
        return {}, "Invalid Response object: Value of property Status must be SUCCESS or FAILED"
    return document, ""


ANSWER_BYTES_MAX = 4_096
"""As AWS has it; what is longer fails the resource."""
