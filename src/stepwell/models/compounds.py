"""Structures, lists and maps of a model, each compiled to one function, once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from stepwell.models.service_model import ServiceModel, Shape

F = TypeVar("F", bound=Callable[..., Any])


class Compounds(ABC, Generic[F]):
    """Remembers what it compiled, so that shapes may contain themselves."""

    def __init__(self, model: ServiceModel) -> None:
        self.model = model
        self._done: dict[str, F] = {}

    def compound(self, shape: Shape) -> F:
        """The function of a structure, list or map."""
        done, name = self._done, shape.name
        if name not in done:
            # Who meets the shape within itself gets this; it looks the function up when called.
            done[name] = cast("F", lambda *given: done[name](*given))
            make = {"structure": self._structure, "list": self._list, "map": self._map}
            done[name] = make[shape.type](shape)
        return done[name]

    @abstractmethod
    def _structure(self, shape: Shape) -> F: ...

    @abstractmethod
    def _list(self, shape: Shape) -> F: ...

    @abstractmethod
    def _map(self, shape: Shape) -> F: ...
