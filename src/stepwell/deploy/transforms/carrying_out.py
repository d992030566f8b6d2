"""A template with its transforms carried out, in CloudFormation's order: snippets first, then those
that the section `Transform` lists, from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.deploy.reading import STORED_BYTES_MAX, refuse_odd_values
from stepwell.deploy.refusals import refused
from stepwell.deploy.resource_type import Cloud
from stepwell.deploy.scope import Scope
from stepwell.deploy.sections import LANGUAGE_EXTENSIONS, SAM, template_of
from stepwell.deploy.template import Template
from stepwell.deploy.transforms import extensions, include, sam
from stepwell.errors import ServiceError
from stepwell.values import JsonValue, encode

CARRIED_OUT = frozenset({include.NAME, LANGUAGE_EXTENSIONS, SAM})


def is_transformed(template: Template) -> bool:
    """Whether there is anything to carry out: listed, or as a macro among the values."""
    return bool(template.transforms) or include.has_macros(template.document)


async def with_snippets(template: Template, bare: Scope, cloud: Cloud) -> Template:
    """The template with the snippets that it includes from S3. Raises ServiceError.

    `bare` needs account, region, stack and parameters.
    """
    refuse_unknown(template)
    early = early_scope(template, bare)
    snippets = await include.read_snippets(template.document, early, cloud)
    if not snippets:
        return template
    return template_of(include.placed(template.document, early, snippets))


def carry_out(template: Template, bare: Scope) -> Template:
    """The template that the listed transforms make. Raises ServiceError.

    This is work for the processor, up to a second and more when it is the first time: a server
    calls it in a thread. The result has no section `Transform`.
    """
    refuse_unknown(template)
    document = template.document
    early = early_scope(template, bare)
    for name in names(template):
        if name == LANGUAGE_EXTENSIONS:
            document = extensions.extended(document, early)
        elif name == SAM:
            document = sam.translated(document, early)
    document = {name: section for name, section in document.items() if name != "Transform"}
    size = len(encode(document))
    if size > STORED_BYTES_MAX:
        raise refused(
            f"Template may not exceed {STORED_BYTES_MAX} bytes in size. The transforms made "
            f"{size} bytes of it."
        )
    refuse_odd_values(document)
    return template_of(document)


def refuse_unknown(template: Template) -> None:
    """Raise ServiceError, naming all, for transforms that this server does not carry out."""
    wanted = {*names(template), *include.macro_names(template.document)}
    strange = sorted(wanted - CARRIED_OUT)
    if strange:
        raise unknown_transforms(strange)


def unknown_transforms(strange: list[str]) -> ServiceError:
    """What macros that are not here are refused with."""
    sentences = [f"No transform named {name} found." for name in strange]
    return refused(" ".join(sentences))


def names(template: Template) -> list[str]:
    """The listed transforms."""
    return [*_names(template.transforms)]


def _names(transforms: tuple[JsonValue, ...]) -> Iterator[str]:
    for transform in transforms:
        name = transform.get("Name") if isinstance(transform, dict) else transform
        if not isinstance(name, str):
            raise refused("Template format error: Every Transform must be a name or have one.")
        yield name


def early_scope(template: Template, bare: Scope) -> Scope:
    """What functions see while the template is still being made: no condition, no resource."""
    return Scope(
        account=bare.account,
        region=bare.region,
        stack_name=bare.stack_name,
        stack_id=bare.stack_id,
        parameters=bare.parameters,
        mappings=template.mappings,
        notification_arns=bare.notification_arns,
        partition=bare.partition,
        url_suffix=bare.url_suffix,
    )
