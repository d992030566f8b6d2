"""Work for the processor: in a thread, if there is much of it, so that nobody else waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

R = TypeVar("R")

SMALL_CHARACTERS = 20_000
"""Templates and definitions up to this are read and reviewed in a few milliseconds."""


async def off_loop(size: int, work: Callable[..., R], *arguments: Any) -> R:
    """What the work makes of the arguments; `size` are the characters of the text."""
    if size < SMALL_CHARACTERS:
        return work(*arguments)
    return await asyncio.to_thread(work, *arguments)
