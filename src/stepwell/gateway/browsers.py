"""Keeping web pages away from a server that asks nobody for credentials.

Any page that a developer opens can send requests to this machine. A form needs no permission of
the browser, and a page whose name is made to point here counts as our own. Browsers say
where a request comes from; SDKs and command lines send none of these headers.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from stepwell.errors import ServiceError

_OWN_SITES = (b"same-origin", b"none")
_LOCAL_SUFFIXES = (".localhost", ".localhost.localstack.cloud")


def refuse_foreign_pages(headers: Mapping[bytes, bytes]) -> None:
    """Raises ServiceError for a browser's request that another site's page has made."""
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if site is None and origin is None:
        return
    host = headers.get(b"host", b"")
    own = site is None or site in _OWN_SITES
    if origin is not None and origin.partition(b"://")[2] != host:
        own = False
    if not own or not _is_local(host.decode("latin-1")):
        raise ServiceError(
            "AccessDeniedException",
            "Web pages of other sites may not use this server. "
            "Configure credentials to let signed requests in from anywhere.",
            status=403,
        )


def _is_local(host: str) -> bool:
    """True for addresses and for names that cannot be made to point elsewhere."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    name = name.strip("[]").lower()
    if name == "localhost" or name.endswith(_LOCAL_SUFFIXES):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
