"""What a request asks a stack to become: its template, checked whole, and the values for it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace

from stepwell.deploy.conditions import scope_of
from stepwell.deploy.findings import refusal
from stepwell.deploy.guesses import AnyExport
from stepwell.deploy.parameters import parameter_values
from stepwell.deploy.reading import INLINE_BYTES_MAX, read_template
from stepwell.deploy.review import review
from stepwell.deploy.template import Template
from stepwell.deploy.transforms import carrying_out
from stepwell.runtime.off_loop import off_loop
from stepwell.services.api import Params
from stepwell.services.cloudformation import capabilities
from stepwell.services.cloudformation.errors import invalid
from stepwell.services.cloudformation.fetching import fetch
from stepwell.services.cloudformation.goal import Goal, bare_scope
from stepwell.services.cloudformation.records import StackRow
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.services.cloudformation.versions import Details
from stepwell.values import encode_text

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]*\Z")
NAME_MAX = 128
TAGS_MAX = 50
NO_TEMPLATE = "Either Template URL or Template Body must be specified."


@dataclass(frozen=True, slots=True)
class Asked:
    """What a stack shall become."""

    body: str
    goal: Goal
    details: Details

    @property
    def size(self) -> int:
        """The characters of the template."""
        return len(self.goal.processed or self.body)


def check_name(name: str) -> None:
    """Raises ValidationError for what can't be a new stack's name."""
    trouble = ""
    if not _NAME.match(name):
        trouble = "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
    elif len(name) > NAME_MAX:
        trouble = f"Member must have length less than or equal to {NAME_MAX}"
    if trouble:
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy "
            f"constraint: {trouble}"
        )


async def read_body(stacks: Stacks, stack: StackRow, params: Params, previous: int = 0) -> str:
    """The template's text: in the request, in a bucket, or the one that the stack has."""
    body, url = params.get("TemplateBody"), params.get("TemplateURL")
    if params.get("UsePreviousTemplate"):
        if body is not None or url is not None:
            raise invalid("You cannot specify both usePreviousTemplate and Template Body/URL.")
        row = await stacks.versions.template(stack.id, previous) if previous else None
        if row is None:
            raise invalid("Cannot use the previous template: the stack has none.")
        return row.body
    if (body is None) == (url is None):
        raise invalid(NO_TEMPLATE)
    if body is not None:
        if len(body.encode()) > INLINE_BYTES_MAX:
            raise invalid(
                f"1 validation error detected: Value '{body[:100]}' at 'templateBody' failed to "
                f"satisfy constraint: Member must have length less than or equal to "
                f"{INLINE_BYTES_MAX}"
            )
        return str(body)
    account, _, region = stack.scope.partition(":")
    return await fetch(str(url), stacks.clouds.at(account, region))


async def read_request(
    stacks: Stacks, stack: StackRow, params: Params, previous: int = 0, *, expand: bool = False
) -> Asked:
    """The whole request. Raises ServiceError; nothing is changed.

    `previous` is the version that the stack has. With `expand` (a change set) transforms need no
    acknowledgement.
    """
    body = await read_body(stacks, stack, params, previous)
    template = await off_loop(len(body), read_template, body)
    account, _, region = stack.scope.partition(":")
    cloud = stacks.clouds.at(account, region)
    before = stacks.versions.details(stack.id, previous) if previous else Details()
    texts = given_parameters(params, before, template)
    values = await parameter_values(template, texts, cloud)
    given = {name: value.value for name, value in values.items()}
    notifications = _notifications(params, before)
    bare = bare_scope(stack, given, notifications)
    if carrying_out.is_transformed(template):
        acknowledged = params.get("Capabilities") or ()
        capabilities.check({}, acknowledged, expands=not expand)
        template = await carrying_out.with_snippets(template, bare, cloud)
        template = await asyncio.to_thread(carrying_out.carry_out, template, bare)
        processed = encode_text(template.document)
    else:
        processed = ""
    details = Details(
        template.description,
        {name: value.text for name, value in values.items()},
        given,
        {name: value.resolved for name, value in values.items() if value.resolved is not None},
        [name for name, value in values.items() if value.hidden],
        sorted(params.get("Capabilities") or ()),
        _tags(params, before),
        params.get("RoleARN") or before.role,
        notifications,
        params.get("RollbackConfiguration") or before.alarms,
    )
    # Whether an export is there shows when the stack is made, as on AWS.
    scope = scope_of(template, replace(bare, exports=AnyExport()))
    size = len(processed or body)
    trouble = refusal(await off_loop(size, review, template, scope))
    if trouble is not None:
        raise trouble
    goal = await off_loop(
        size, Goal.of, template, processed, stack, details.values, details.notifications
    )
    capabilities.check(template.resources, details.capabilities)
    # A commit may have failed meanwhile: what follows looks things up without waiting.
    await stacks.ready()
    return Asked(body, goal, details)


def given_parameters(params: Params, before: Details, template: Template) -> dict[str, str]:
    """The parameters of a request as texts, those kept from before among them."""
    given: dict[str, str] = {}
    for parameter in params.get("Parameters") or ():
        key = parameter.get("ParameterKey") or ""
        if not parameter.get("UsePreviousValue"):
            given[key] = parameter.get("ParameterValue") or ""
            continue
        if parameter.get("ParameterValue"):
            raise invalid(
                f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true "
                "and non empty value for a parameter"
            )
        if key in before.given:
            given[key] = before.given[key]
        elif before.given or key not in template.parameters:
            raise invalid(
                f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true "
                "for a parameter key not in the previous template"
            )
    return given


def _tags(params: Params, before: Details) -> dict[str, str]:
    if "Tags" not in params:
        return before.tags
    tags = {tag["Key"]: tag["Value"] for tag in params["Tags"] or ()}
    if len(tags) > TAGS_MAX:
        raise invalid(f"A stack can have at most {TAGS_MAX} tags.")
    reserved = [key for key in tags if key.lower().startswith("aws:")]
    if reserved:
        raise invalid(f"Tags cannot begin with the reserved prefix aws: [{', '.join(reserved)}]")
    return tags


def _notifications(params: Params, before: Details) -> list[str]:
    if "NotificationARNs" not in params:
        return before.notifications
    return list(params["NotificationARNs"] or ())
