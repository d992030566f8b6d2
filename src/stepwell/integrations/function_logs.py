"""The lines that functions write go to their log groups."""

from __future__ import annotations

from collections.abc import Sequence

from stepwell.services.lambda_.ports import FunctionSpec
from stepwell.services.logs.logs import Logs


def write_lines(logs: Logs, spec: FunctionSpec, stream: str, at: int, lines: Sequence[str]) -> None:
    """Append lines to a stream of the function's group, which is made if need be.

    While the groups are being read again after a failed commit there is nowhere to write to.
    """
    if not (logs.groups.is_ready and logs.streams.is_ready):
        return
    scope = f"{spec.account}:{spec.region}"
    with logs.parts.ledger.stage() as turn:
        logs.write(turn, scope, spec.log_group, stream, [(at, line) for line in lines], create=True)
