"""Waiting for a time, or for something that comes sooner."""

from __future__ import annotations

import asyncio

from stepwell.services.parts import ServiceParts


async def pause(
    parts: ServiceParts, milliseconds: int, sooner: asyncio.Event | None = None
) -> None:
    """Wait that long, or until `sooner` is set."""
    over = sooner or asyncio.Event()
    call_off = parts.alarm.call_at(parts.clock.now() + milliseconds, over.set)
    try:
        await over.wait()
    finally:
        call_off()
