"""What can be set at the edge, and the rule that an open port needs credentials."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

from stepwell.errors import StepwellError

BODY_BYTES_MAX = 8 * 1024 * 1024
OBJECT_BYTES_MAX = 256 * 1024 * 1024
"""The largest object, or part of one, that a single request may bring."""
FUNCTION_BYTES_MAX = 72 * 1024 * 1024
"""A request that brings a function's code: AWS's 50 MiB in base64, and some room."""
HEADER_BYTES_MAX = 64 * 1024
HEADERS_MAX = 256
"""Headers of one request, those after a chunked body included."""
CLOCK_SKEW_SECONDS = 5 * 60


class UnsafeListener(StepwellError):
    """The server would be open to the network without asking for credentials."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """How the edge behaves."""

    credentials: Mapping[str, str] = field(default_factory=dict)
    """Access key id -> secret. When there are any, every request must be signed with one."""
    account: str = "000000000000"
    """The account of access keys that are not a 12-digit number."""
    region: str = "us-east-1"
    """The region of requests that name none."""
    body_bytes_max: int = BODY_BYTES_MAX
    object_bytes_max: int = OBJECT_BYTES_MAX
    trust_forwarded: bool = False
    """Believe X-Forwarded-Proto and X-Forwarded-Host; only behind a proxy of your own."""


def require_credentials(host: str, settings: GatewaySettings) -> None:
    """Refuses to listen beyond this machine without credentials. Raises UnsafeListener."""
    if settings.credentials or _is_loopback(host):
        return
    raise UnsafeListener(
        f"Refusing to listen on {host or 'all addresses'} without credentials: anyone who reaches "
        "this port could run everything. Configure an access key and its secret, or listen on "
        "127.0.0.1."
    )


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
