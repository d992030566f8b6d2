"""No file needs itself: whoever reads one file and what it imports comes to an end.

Imports for the type checker alone count: a reader follows them as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from tests.house.test_imports import imported
from tests.house.tree import PACKAGE, product


def _needs() -> dict[str, set[str]]:
    """Each module with those that it imports something from."""
    names = {module.name for module in product()}
    return {
        module.name: {
            needed
            for name, _ in imported(module)
            for needed in _modules_of(name, names)
            if needed != module.name
        }
        for module in product()
    }


def _modules_of(name: str, names: set[str]) -> Iterator[str]:
    """The module that a dotted name is, or is in. A package's face counts if it alone is meant."""
    if name in names:
        yield name
    elif (within := name.rpartition(".")[0]) in names and within != PACKAGE:
        yield within


def circle(needs: Mapping[str, set[str]]) -> Sequence[str]:
    """Modules each of which needs the next, the last one the first; empty if there are none."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_file_needs_itself() -> None:
    """Not even by way of others."""
    assert circle(_needs()) == []


def test_a_circle_is_found() -> None:
    """Its files are named."""
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": set()})
    assert not circle({"a": {"b", "c"}, "b": {"c"}, "c": set()})
