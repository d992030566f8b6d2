"""A template looked at before anything is deployed, without a server: what of it would run, be
stored without effect, or be refused. This is what `stepwell doctor` shows.

Paths of files beside the template are taken as if they were packaged; definitions are read and
reviewed. Parameters without a value get one that their rules allow, so that the rest can be seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from stepwell.deploy.catalog import find_type
from stepwell.deploy.conditions import scope_of
from stepwell.deploy.findings import (
    DEFINITION,
    FORMAT,
    PARAMETER,
    REFERENCE,
    REFUSED,
    RUNTIME,
    WARNING,
    Finding,
    is_refusal,
    pointer,
)
from stepwell.deploy.guesses import AnyExport, guessed
from stepwell.deploy.parameters import is_stored, parameter_texts, plain_values
from stepwell.deploy.reading import read_document, read_template
from stepwell.deploy.references import references
from stepwell.deploy.review import evaluated, review
from stepwell.deploy.scope import Scope
from stepwell.deploy.sections import template_of
from stepwell.deploy.shaping import as_text
from stepwell.deploy.survey_definitions import ReadFile, definition_findings
from stepwell.deploy.template import Parameter, Template
from stepwell.deploy.transforms import include
from stepwell.deploy.transforms.carrying_out import carry_out, early_scope, refuse_unknown
from stepwell.deploy.transforms.unpackaged import is_remote, packaged
from stepwell.errors import ServiceError
from stepwell.language.review import NOT_RUN_HERE
from stepwell.values import JsonObject

RUNS = "runs"
STORED = "stored without effect"
REFUSED_HERE = "refused"

_RUNTIME_FAMILIES = ("python", "nodejs", "java", "provided")
_FUNCTION = "AWS::Lambda::Function"


@dataclass(frozen=True, slots=True)
class Sorted:
    """A resource and what becomes of it."""

    logical_id: str
    type: str
    verdict: str
    """RUNS, STORED or REFUSED_HERE."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What there is to say about a template."""

    findings: tuple[Finding, ...]
    resources: tuple[Sorted, ...] = ()
    """The resources that it makes, after its transforms and conditions, in its order."""
    missing_types: tuple[str, ...] = ()
    assumed: Mapping[str, str] | None = None
    """Parameters that have no value yet, with what was taken instead."""

    @property
    def deploys(self) -> bool:
        """Whether nothing is refused."""
        return not any(is_refusal(finding) for finding in self.findings)


def no_file(path: str) -> str | None:
    """Nothing is beside the template."""
    return None


def survey(
    text: str,
    given: Mapping[str, str] | None = None,
    *,
    read_file: ReadFile = no_file,
    account: str = "000000000000",
    region: str = "us-east-1",
    stack_name: str = "stack",
) -> Survey:
    """Look at a template's text. Never raises: what can't be read is a finding."""
    stack_id = f"arn:aws:cloudformation:{region}:{account}:stack/{stack_name}/example"
    bare = Scope(account, region, stack_name, stack_id, exports=AnyExport())
    try:
        template = read_template(text)
        assumed = assumed_values(template, given or {})
        texts = parameter_texts(template, given or {}, assumed)
        bare = replace(bare, parameters=plain_values(template, texts))
        template, not_included = _transformed(template, bare, read_file)
        scope = scope_of(template, bare)
    except ServiceError as error:
        return Survey((Finding(FORMAT, error.message),))
    findings = review(template, scope)
    properties = evaluated(template, scope)
    made = replace(scope, resources=guessed(template, scope))
    findings += definition_findings(made, properties, read_file)
    findings += _runtime_findings(scope, properties)
    findings = _softened(findings, template, assumed)
    findings += [*not_included, *_assumptions(assumed), *_stored_parameters(template, texts)]
    return Survey(tuple(findings), _sorted(scope, findings), _missing_types(scope), assumed)


def _transformed(
    template: Template, bare: Scope, read_file: ReadFile
) -> tuple[Template, list[Finding]]:
    """The template after its transforms, with what was left out of it."""
    refuse_unknown(template)
    early = early_scope(template, bare)
    document = template.document
    snippets: dict[str, JsonObject] = {}
    findings = []
    for location in include.locations(document, early):
        content = None if is_remote(location) else read_file(location)
        snippets[location] = {} if content is None else read_document(content)
        if content is None:
            message = f"The snippet {location} can't be read: what it brings is not looked at"
            findings.append(Finding(FORMAT, message, severity=WARNING))
    if snippets:
        document = include.placed(document, early, snippets)
    return carry_out(template_of(packaged(document)), bare), findings


def _softened(
    findings: list[Finding], template: Template, assumed: Mapping[str, str]
) -> list[Finding]:
    """The findings, those that a parameter's real value may take away as warnings."""
    depending = {
        name
        for name, resource in template.resources.items()
        if _refers_to(resource.properties, assumed)
    }
    return [
        replace(finding, severity=WARNING, hint=_HINT)
        if finding.logical_id in depending and _hangs_on_values(finding)
        else finding
        for finding in findings
    ]


def _hangs_on_values(finding: Finding) -> bool:
    if finding.category == DEFINITION:
        return not finding.message.startswith(NOT_RUN_HERE)
    return finding.category == REFERENCE


_HINT = "it may depend on a parameter that has no value yet"


def _refers_to(properties: JsonObject, names: Mapping[str, str]) -> bool:
    try:
        return any(found.name in names for found in references(properties))
    except ServiceError:
        return False


def assumed_values(template: Template, given: Mapping[str, str]) -> dict[str, str]:
    """A value for each parameter that has none, as its rules allow where that is easily seen."""
    return {
        name: _assumed(parameter)
        for name, parameter in template.parameters.items()
        if name not in given and parameter.default is None
    }


def _assumed(parameter: Parameter) -> str:
    if parameter.allowed_values:
        return parameter.allowed_values[0]
    if parameter.type in ("Number", "List<Number>"):
        return f"{parameter.min_value or 1:g}"
    return (parameter.name * (parameter.min_length or 1))[: parameter.max_length or None]


def _assumptions(assumed: Mapping[str, str]) -> list[Finding]:
    return [
        Finding(
            PARAMETER,
            f"Parameter {name} has no default: it must be given a value",
            pointer=pointer("Parameters", name),
            severity=WARNING,
        )
        for name in assumed
    ]


def _stored_parameters(template: Template, texts: Mapping[str, str]) -> list[Finding]:
    return [
        Finding(
            PARAMETER,
            f"Parameter {name} is looked up: {texts[name]} must be in Parameter Store",
            pointer=pointer("Parameters", name),
            severity=WARNING,
        )
        for name, parameter in template.parameters.items()
        if is_stored(parameter)
    ]


def _runtime_findings(scope: Scope, properties: Mapping[str, JsonObject]) -> list[Finding]:
    findings = []
    for name, resource in scope.declared.items():
        if resource.type != _FUNCTION:
            continue
        runtime = as_text(properties[name].get("Runtime"))
        if runtime and not runtime.startswith(_RUNTIME_FAMILIES):
            known = ", ".join(f"{family}*" for family in _RUNTIME_FAMILIES)
            message = f"Runtime {runtime} is not supported here; supported are {known}"
            place = pointer("Resources", name, "Properties", "Runtime")
            findings.append(Finding(RUNTIME, message, name, place))
    return findings


def _sorted(scope: Scope, findings: list[Finding]) -> tuple[Sorted, ...]:
    refused = {finding.logical_id for finding in findings if finding.severity == REFUSED}
    made = []
    for name, resource in scope.declared.items():
        known = find_type(resource.type)
        verdict = STORED if known is not None and known.stored_only else RUNS
        if known is None or name in refused:
            verdict = REFUSED_HERE
        made.append(Sorted(name, resource.type, verdict))
    return tuple(made)


def _missing_types(scope: Scope) -> tuple[str, ...]:
    types = {resource.type for resource in scope.declared.values()}
    return tuple(sorted(name for name in types if find_type(name) is None))
