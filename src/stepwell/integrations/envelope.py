"""What AWS's SDK adds around a service's answer or error, as it shows up in task results.

`name` below is the service as errors show it (`SQS`, `StepFunctions`), `client` as causes do
(`AmazonSQS`, `AWSStepFunctions`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from stepwell.errors import ServiceError
from stepwell.runtime.ports import Refused, ServiceCall
from stepwell.values import JsonObject, encode

_CONTENT_TYPE = "application/x-amz-json-1.0"


def with_metadata(
    answer: Mapping[str, Any],
    call: ServiceCall,
    *,
    content_type: str = _CONTENT_TYPE,
    length: int | None = None,
) -> JsonObject:
    """The answer with SdkHttpMetadata and SdkResponseMetadata.

    `length` is that of the answer on the wire, where it is not the JSON of the answer.
    """
    headers = {
        "connection": "keep-alive",
        "Content-Length": str(len(encode(answer)) if length is None else length),
        "Content-Type": content_type,
        "Date": _date(call.now // 1000),
        "x-amzn-RequestId": call.request_id,
    }
    return {
        **answer,
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": dict(headers),
            "HttpStatusCode": 200,
        },
        "SdkResponseMetadata": {"RequestId": call.request_id},
    }


@lru_cache(maxsize=8)
def _date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


@dataclass(frozen=True, slots=True)
class ErrorNames:
    """How a service's errors are called. `modelled` are those that the SDK has a class for."""

    name: str
    client: str
    modelled: frozenset[str]
    service: str = ""
    """The service as causes show it, where that is not `client`."""

    def refused(self, error: ServiceError, call: ServiceCall) -> Refused:
        """A service's error as the task's error and cause."""
        shape = f"{error.code.removesuffix('Exception')}Exception"
        if error.code not in self.modelled:
            shape = f"{self.client}Exception"
        return Refused(
            f"{self.name}.{shape}",
            f"{error.message} (Service: {self.service or self.client}; Status Code: {error.status};"
            f" Error Code: {error.code}; Request ID: {call.request_id}; Proxy: null)",
        )
