"""Where the material that is used by tests but not part of the product is found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
"""The top of the working copy."""


def shared_path(*parts: str) -> Path:
    """A path in the shared material: `STEPWELL_SHARED`, by default `../shared`."""
    base = os.environ.get("STEPWELL_SHARED")
    return (Path(base) if base else ROOT.parent / "shared").joinpath(*parts)


def require_shared(*parts: str) -> Path:
    """The path, or a skipped test with a sentence that says what is missing."""
    path = shared_path(*parts)
    if not path.exists():
        pytest.skip(
            f"{'/'.join(parts)} is not there: set STEPWELL_SHARED to the folder that has it"
        )
    return path
