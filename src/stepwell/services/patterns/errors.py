"""What is wrong with a pattern, in the words of the rule engine that AWS runs."""

from __future__ import annotations

from stepwell.errors import StepwellError


class InvalidPattern(StepwellError):
    """A pattern that means nothing. `reason` says why; the text is what EventBridge answers."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Event pattern is not valid. Reason: {reason}")
        self.reason = reason
