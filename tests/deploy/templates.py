"""Templates and scopes for tests."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent
from typing import Any

from stepwell.deploy.conditions import scope_of
from stepwell.deploy.parameters import parameter_texts, plain_values
from stepwell.deploy.reading import read_template
from stepwell.deploy.resource_type import Made
from stepwell.deploy.scope import Scope
from stepwell.deploy.template import Template
from tests.deploy.world import ACCOUNT, REGION, STACK_ID

BARE = Scope(ACCOUNT, REGION, "shop", STACK_ID)


def template(text: str) -> Template:
    """A template from indented text."""
    return read_template(dedent(text))


def scope(
    text: str,
    given: dict[str, str] | None = None,
    made: dict[str, Made] | None = None,
    **other: Any,
) -> Scope:
    """The scope of a template's stack."""
    read = template(text)
    values = plain_values(read, parameter_texts(read, given or {}))
    return scope_of(read, replace(BARE, parameters=values, resources=made or {}, **other))
