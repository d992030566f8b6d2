"""Property tests here have no time limit per example: the machine they run on may be busy."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("language", deadline=None)
settings.load_profile("language")
