"""Functions that bring their own `bootstrap`: `provided.*`, and any other with one in its code."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

from stepwell.errors import ServiceError
from stepwell.functions.environment import Place, base_environment
from stepwell.functions.process import Launch
from stepwell.services.lambda_.ports import FunctionSpec


class CustomLauncher:
    """Starts the function's or a layer's `bootstrap`."""

    def refuse(self, version: str) -> str | None:
        """It runs wherever the program does."""
        return None

    async def launch(self, spec: FunctionSpec, version: str, place: Place) -> Launch:
        """The program itself. Raises ServiceError when there is none."""
        program = await asyncio.to_thread(_find, spec)
        if program is None:
            message = f"Couldn't find valid bootstrap(s): [{spec.code}/bootstrap]"
            raise ServiceError("InvalidRuntimeException", message, status=502)
        environment = base_environment(spec, place, spec.code)
        return Launch((str(program),), spec.code, environment, title=spec.runtime)


def _find(spec: FunctionSpec) -> Path | None:
    for folder in (spec.code, *spec.layers):
        program = folder / "bootstrap"
        if program.is_file():
            if not os.access(program, os.X_OK):
                mode = program.stat().st_mode
                program.chmod(mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
            return program
    return None
