"""What an evaluation sees besides its data, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stepwell.values import JsonObject, JsonValue


@dataclass(frozen=True)
class DataEnvironment:
    """An Environment with a fixed context, fixed variables and chance that always says the same."""

    context: JsonObject = field(default_factory=dict)
    variables: Mapping[str, JsonValue] = field(default_factory=dict)
    chance: bytes = bytes(range(16))
    now: int = 1_700_000_000_123

    def random_bytes(self, size: int) -> bytes:
        return (self.chance * size)[:size]


NOTHING = DataEnvironment()
