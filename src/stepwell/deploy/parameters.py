"""The values of a template's parameters: given or by default, checked, looked up where they name a
parameter of Parameter Store."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from stepwell.deploy.refusals import format_error, refused
from stepwell.deploy.resource_type import Cloud
from stepwell.deploy.shaping import as_text
from stepwell.deploy.template import Parameter, Template
from stepwell.errors import ServiceError
from stepwell.patterns import BadPattern, matches_whole
from stepwell.values import JsonValue

VALUE_BYTES_MAX = 4_096
HIDDEN = "****"
"""What is shown of a parameter with NoEcho."""

_NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?\s*\Z")

_STORED = re.compile(r"AWS::SSM::Parameter::Value<(.+)>\Z")
_TYPES = re.compile(
    r"(?:String|Number|CommaDelimitedList|List<Number>|List<String>"
    r"|(?:List<)?AWS::(?:EC2::(?:AvailabilityZone::Name|Image::Id|Instance::Id|KeyPair::KeyName"
    r"|SecurityGroup::GroupName|SecurityGroup::Id|Subnet::Id|Volume::Id|VPC::Id)"
    r"|Route53::HostedZone::Id)>?|AWS::SSM::Parameter::Name)\Z"
)


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """A parameter's value."""

    text: str
    """As it was given, or the default."""
    value: JsonValue
    """As `Ref` gives it: a text, or a list of texts."""
    resolved: str | None = None
    """What Parameter Store said, for the types that name one of its parameters."""
    hidden: bool = False
    """NoEcho: shown as HIDDEN."""


async def parameter_values(
    template: Template, given: Mapping[str, str], cloud: Cloud
) -> dict[str, ParameterValue]:
    """The value of each declared parameter. Raises ServiceError ValidationError."""
    texts = parameter_texts(template, given)
    stored = [name for name in texts if is_stored(template.parameters[name])]
    resolved = await _look_up({name: texts[name] for name in stored}, cloud)
    values = {}
    for name, text in texts.items():
        parameter = template.parameters[name]
        used = resolved.get(name, text)
        values[name] = ParameterValue(
            text, _shaped(parameter, used), resolved.get(name), parameter.no_echo
        )
    return values


def parameter_texts(
    template: Template, given: Mapping[str, str], assumed: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The checked texts of all parameters, nothing looked up. Raises ServiceError.

    `assumed` are unchecked texts for parameters that a review has no value for.
    """
    others = assumed or {}
    strange = [name for name in given if name not in template.parameters]
    if strange:
        raise refused(f"Parameters: [{', '.join(strange)}] do not exist in the template")
    missing = []
    texts = {}
    for name, parameter in template.parameters.items():
        check_type(parameter)
        if name in given:
            texts[name] = given[name]
        elif parameter.default is not None:
            texts[name] = as_text(parameter.default)
        elif name in others:
            texts[name] = others[name]
        else:
            missing.append(name)
    if missing:
        raise refused(f"Parameters: [{', '.join(missing)}] must have values")
    for name, text in texts.items():
        if name not in others:
            _check(template.parameters[name], text)
    return texts


def plain_values(template: Template, texts: Mapping[str, str]) -> dict[str, JsonValue]:
    """What `Ref` gives as far as nothing must be looked up, for reviews without a server."""
    return {name: _shaped(template.parameters[name], text) for name, text in texts.items()}


def is_stored(parameter: Parameter) -> bool:
    """Whether its value names a parameter of Parameter Store that is looked up."""
    return _STORED.match(parameter.type) is not None


def check_type(parameter: Parameter) -> None:
    """Raises ServiceError for a type that there is not."""
    stored = _STORED.match(parameter.type)
    if not _TYPES.match(stored[1] if stored else parameter.type):
        raise format_error(f"Unrecognized parameter type: {parameter.type}")


def _is_list(parameter: Parameter) -> bool:
    stored = _STORED.match(parameter.type)
    kind = stored[1] if stored else parameter.type
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def _shaped(parameter: Parameter, text: str) -> JsonValue:
    if not _is_list(parameter):
        return text
    return [item.strip() for item in text.split(",")] if text else []


def _check(parameter: Parameter, text: str) -> None:
    name = parameter.name
    if len(text.encode("utf-8", "surrogatepass")) > VALUE_BYTES_MAX:
        raise refused(
            f"Parameter value for parameter name {name} is too long. Length is {len(text)}"
        )
    # A list's rules hold for each of its items.
    items = _shaped(parameter, text)
    for item in items if isinstance(items, list) else [text]:
        trouble = _trouble(parameter, as_text(item))
        if trouble and parameter.constraint_description:
            described = parameter.constraint_description
            raise refused(f"Parameter {name} failed to satisfy constraint: {described}")
        if trouble:
            raise refused(f"Parameter '{name}' must {trouble}")


def _trouble(parameter: Parameter, text: str) -> str | None:
    """What the text must and does not: the end of AWS's sentence."""
    allowed = parameter.allowed_values
    if allowed is not None and text not in allowed:
        return "be one of AllowedValues"
    if parameter.type in ("Number", "List<Number>"):
        return _number_trouble(parameter, text)
    if parameter.min_length is not None and len(text) < parameter.min_length:
        return f"contain at least {parameter.min_length} characters"
    if parameter.max_length is not None and len(text) > parameter.max_length:
        return f"contain at most {parameter.max_length} characters"
    pattern = parameter.allowed_pattern
    if pattern is not None and not _matches(pattern, text):
        return f"match pattern {pattern}"
    return None


def _number_trouble(parameter: Parameter, text: str) -> str | None:
    if not _NUMBER.match(text):
        return "be a number"
    number = float(text)
    if parameter.min_value is not None and number < parameter.min_value:
        return f"be a number not less than {parameter.min_value:g}"
    if parameter.max_value is not None and number > parameter.max_value:
        return f"be a number not greater than {parameter.max_value:g}"
    return None


_CLASSES = {
    "Alnum": "a-zA-Z0-9",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Lower": "a-z",
    "Upper": "A-Z",
}
"""Java's names for sets of characters, which Python does not know."""


def _matches(pattern: str, text: str) -> bool:
    for name, characters in _CLASSES.items():
        pattern = pattern.replace(f"\\p{{{name}}}", f"[{characters}]")
    try:
        return matches_whole(pattern, text)
    except BadPattern as error:
        raise format_error(
            f"AllowedPattern {pattern} is not a regular expression: {error}"
        ) from error


async def _look_up(names: Mapping[str, str], cloud: Cloud) -> dict[str, str]:
    """What the named parameters of Parameter Store hold. Raises ServiceError for missing ones."""
    values: dict[str, str] = {}
    missing: list[str] = []
    for parameter, name in names.items():
        try:
            answer = await cloud.call("ssm", "GetParameter", {"Name": name})
        except ServiceError as error:
            if error.code not in ("ParameterNotFound", "ParameterVersionNotFound"):
                raise
            missing.append(name)
        else:
            values[parameter] = as_text(answer["Parameter"]["Value"])
    if missing:
        raise refused(
            f"Unable to fetch parameters [{','.join(missing)}] from parameter store for this "
            "account."
        )
    return values
