"""What the stack service needs from elsewhere."""

from __future__ import annotations

from typing import Protocol

from stepwell.deploy.resource_type import Cloud


class Clouds(Protocol):
    """The server's services, as accounts call them."""

    def at(self, account: str, region: str) -> Cloud:
        """The services as that account calls them in that region."""
