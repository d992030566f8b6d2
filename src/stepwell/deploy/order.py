"""The order in which a stack's resources are made: each after those that it refers to."""

from __future__ import annotations

from collections.abc import Mapping

from stepwell.deploy.references import references
from stepwell.deploy.refusals import refused
from stepwell.deploy.scope import Scope, unresolved_dependencies
from stepwell.deploy.template import Resource, Template
from stepwell.errors import ServiceError


def in_order(needs: Mapping[str, frozenset[str]]) -> list[str]:
    """The names, each after those that it needs; what waits for one another is left out."""
    left = {name: len(needed) for name, needed in needs.items()}
    dependents: dict[str, list[str]] = {name: [] for name in needs}
    for name, needed in needs.items():
        for other in needed:
            dependents[other].append(name)
    done = [name for name, count in left.items() if not count]
    for name in done:
        for dependent in dependents[name]:
            left[dependent] -= 1
            if not left[dependent]:
                done.append(dependent)
    return done


def dependencies(template: Template, scope: Scope) -> Mapping[str, frozenset[str]]:
    """Of each active resource the active ones that must be there before it, in template order.

    Raises ServiceError for a reference to nothing, and when resources wait for one another.
    """
    needs = {name: _needs(template, resource, scope) for name, resource in scope.declared.items()}
    _refuse_cycles(needs)
    return needs


def _needs(template: Template, resource: Resource, scope: Scope) -> frozenset[str]:
    missing = [name for name in resource.depends_on if name not in template.resources]
    if missing:
        raise unresolved_dependencies(missing, "Resources")
    wanted = [*resource.depends_on]
    for value in (resource.properties, resource.creation_policy, resource.update_policy):
        wanted += [reference.name for reference in references(value, scope)]
    if resource.logical_id in wanted:
        raise _circular([resource.logical_id])
    return frozenset(name for name in wanted if name in scope.declared)


def _refuse_cycles(needs: Mapping[str, frozenset[str]]) -> None:
    done = set(in_order(needs))
    left = {name: set(needed) - done for name, needed in needs.items() if name not in done}
    if left:
        raise _circular(_in_cycles(left))


def _in_cycles(left: dict[str, set[str]]) -> list[str]:
    """Those that wait for one another, without the ones that only wait for them."""
    waited_for = dict.fromkeys(left, 0)
    for needed in left.values():
        for name in needed:
            waited_for[name] += 1
    free = [name for name, count in waited_for.items() if not count]
    while free:
        for name in left.pop(free.pop()):
            waited_for[name] -= 1
            if not waited_for[name]:
                free.append(name)
    return list(left)


def _circular(names: list[str]) -> ServiceError:
    return refused(f"Circular dependency between resources: [{', '.join(names)}]")
