"""The order in which resources are made."""

from __future__ import annotations

import pytest

from stepwell.deploy.order import dependencies, in_order
from stepwell.errors import ServiceError
from tests.deploy.templates import scope, template


def needs(text: str) -> dict[str, set[str]]:
    """What each resource needs."""
    found = dependencies(template(text), scope(text))
    return {name: set(needed) for name, needed in found.items()}


def resource(name: str, *, needs: str = "x", also: str = "") -> str:
    """A resource with one property."""
    return f"  {name}: {{Type: 'AWS::SQS::Queue', Properties: {{P: {needs}}}{also}}}\n"


def test_every_way_to_refer_counts() -> None:
    """Ref, GetAtt, Sub and DependsOn count; what Sub brings itself and literals do not."""
    text = (
        "Resources:\n"
        + resource("A")
        + resource("B", needs="!Ref A")
        + resource("C", needs="[{x: !GetAtt B.Arn}]")
        + resource("D", needs="!Sub ['${C.Arn}${own}${!A}${AWS::Region}', {own: !Ref B}]")
        + resource("E", also=", DependsOn: [D, A]")
    )
    assert needs(text) == {"A": set(), "B": {"A"}, "C": {"B"}, "D": {"B", "C"}, "E": {"A", "D"}}


def test_what_a_false_condition_hides_does_not_count() -> None:
    """Branches that are not taken and resources that are not made do not count."""
    text = (
        "Conditions: {Never: !Equals [a, b]}\n"
        "Resources:\n"
        + resource("A", also=", Condition: Never")
        + resource("B")
        + resource("C", needs="!If [Never, !Ref A, !Ref B]", also=", DependsOn: A")
    )
    assert needs(text) == {"B": set(), "C": {"B"}}


def test_resources_that_wait_for_one_another_are_refused() -> None:
    """Only those in the circle are named, in the template's order."""
    text = (
        "Resources:\n"
        + resource("Z")
        + resource("A", needs="[!Ref B, !Ref Z]")
        + resource("B", needs="!Ref A")
        + resource("C", needs="!Ref B")
    )
    with pytest.raises(ServiceError) as refused:
        needs(text)
    assert refused.value.message == "Circular dependency between resources: [A, B]"
    with pytest.raises(ServiceError, match=r"resources: \[A\]"):
        needs("Resources:\n" + resource("A", needs="!Ref A"))


def test_a_dependency_on_nothing_is_refused() -> None:
    """DependsOn names resources of the template."""
    with pytest.raises(ServiceError, match=r"Unresolved resource dependencies \[B\] in the Res"):
        needs("Resources:\n" + resource("A", also=", DependsOn: B"))


def test_the_order() -> None:
    """Each comes after those that it needs; what waits for one another is left out."""
    needed = {
        "A": frozenset({"B", "C"}),
        "B": frozenset({"C"}),
        "C": frozenset[str](),
        "D": frozenset({"E"}),
        "E": frozenset({"D"}),
    }
    assert in_order(needed) == ["C", "B", "A"]
