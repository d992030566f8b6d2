"""Dataclasses that are made very often, and never changed.

A frozen dataclass sets every field by a call, so that making one costs three times as much as
making one that is not frozen. These are frozen for the type checker only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def immutable(cls: type[T]) -> type[T]:
    """A slotted dataclass whose fields the type checker lets nobody set."""
    return dataclass(slots=True)(cls)
