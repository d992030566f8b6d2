"""Intrinsic functions: a value of a template, evaluated.

An object with a single member that is `Ref` or begins with `Fn::` is a function; every other value
is what its members are. `Ref` to AWS::NoValue takes the member or item it stands for away.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable, Mapping
from itertools import islice

from stepwell.deploy.refusals import template_error
from stepwell.deploy.scope import TEXT_MAX, Scope
from stepwell.deploy.shaping import as_text, is_whole_number
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue, encode_text

VARIABLE = re.compile(r"\$\{([^}]*)\}")
_VARIABLE_NAME = re.compile(r"[A-Za-z0-9_.:]+\Z")
ITEM_CHARACTERS = 32
"""What an item of a list counts for beside its text."""
SUBNETS_MAX = 256
_ZONES = "abc"

_SUB_ARGUMENTS = (
    "One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as "
    "first argument, and an optional second argument to specify a mapping of values to replace in "
    "the string"
)
_JOIN_ARGUMENTS = (
    "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of "
    "strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be "
    "joined."
)
_SPLIT_ARGUMENTS = (
    "every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be "
    "split or a function that returns a string to be split."
)
_CIDR_ARGUMENTS = (
    "every Fn::Cidr object requires two or three parameters, (1) a CIDR block, (2) the number of "
    "CIDRs to generate, from 1 to 256, and (3) the number of subnet bits."
)


def resolve(value: JsonValue, scope: Scope) -> JsonValue:
    """The value with every function evaluated; None for AWS::NoValue.

    Raises ServiceError as CloudFormation does, and `Unresolved` for a resource not there yet.
    """
    if isinstance(value, dict):
        name = function_name(value)
        if name is not None:
            return _call(name, value[name], scope)
        members = ((key, resolve(item, scope)) for key, item in value.items())
        return {key: item for key, item in members if item is not None}
    if isinstance(value, list):
        return [item for item in (resolve(item, scope) for item in value) if item is not None]
    return value


def resolve_text(value: JsonValue, scope: Scope, refusal: str) -> str:
    """The value as a text. Raises ServiceError with the refusal where it is none."""
    text = resolve(value, scope)
    if text is None or isinstance(text, (dict, list)):
        raise template_error(refusal)
    return as_text(text)


def function_name(value: JsonValue) -> str | None:
    """The function that an object stands for; None for an ordinary value. Raises ServiceError."""
    if not isinstance(value, dict):
        return None
    if len(value) == 1:
        name = next(iter(value))
        return name if name == "Ref" or name.startswith("Fn::") else None
    strange = next((name for name in value if name in FUNCTIONS and name != "Ref"), None)
    if strange is not None:
        raise template_error(f"every {strange} object must have exactly one member.")
    return None


def _call(name: str, argument: JsonValue, scope: Scope) -> JsonValue:
    function = FUNCTIONS.get(name)
    if function is None:
        raise template_error(
            f"Encountered unsupported function: {name} Supported functions are: "
            f"[{', '.join(FUNCTIONS)}]"
        )
    made = function(argument, scope)
    scope.text_made.count(_characters(made))
    return made


def _characters(made: JsonValue) -> int:
    """About how much memory and disk a value takes; what is in objects was counted on its own."""
    if isinstance(made, str):
        return len(made)
    if isinstance(made, list):
        return ITEM_CHARACTERS * len(made) + sum(
            len(item) for item in made if isinstance(item, str)
        )
    return 1


def _ref(argument: JsonValue, scope: Scope) -> JsonValue:
    if not isinstance(argument, str):
        # With the language extensions, the name may be made by a function.
        argument = resolve_text(
            argument, scope, "every Ref object must have a single String value."
        )
    return scope.reference(argument)


def _get_att(argument: JsonValue, scope: Scope) -> JsonValue:
    logical_id, attribute = get_att_parts(argument)
    return scope.attribute(logical_id, resolve_text(attribute, scope, _GET_ATT_ARGUMENTS))


_GET_ATT_ARGUMENTS = (
    "every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource "
    "attribute"
)


def get_att_parts(argument: JsonValue) -> tuple[str, JsonValue]:
    """Logical id and attribute. Raises ServiceError."""
    if isinstance(argument, str):
        parts: list[JsonValue] = [*argument.split(".", 1)]
    else:
        parts = argument if isinstance(argument, list) else []
    if len(parts) > 2 and all(isinstance(part, str) for part in parts):
        parts = [parts[0], ".".join(as_text(part) for part in parts[1:])]
    if len(parts) != 2 or not isinstance(parts[0], str) or not all(parts):
        raise template_error(_GET_ATT_ARGUMENTS)
    return parts[0], parts[1]


def _sub(argument: JsonValue, scope: Scope) -> JsonValue:
    text, own = sub_parts(argument)
    values = {name: resolve(value, scope) for name, value in own.items()}
    parts: list[str] = []
    end = length = 0
    for found in VARIABLE.finditer(text):
        parts += (text[end : found.start()], _variable(found[1], values, scope))
        end = found.end()
        length += len(parts[-1]) + len(parts[-2])
        _bounded(length)
    return "".join([*parts, text[end:]])


def sub_parts(argument: JsonValue) -> tuple[str, JsonObject]:
    """The text and its own variables. Raises ServiceError."""
    if isinstance(argument, str):
        return argument, {}
    if isinstance(argument, list) and len(argument) == 2:
        text, own = argument
        if isinstance(text, str) and isinstance(own, dict):
            return text, own
    raise template_error(_SUB_ARGUMENTS)


def _variable(name: str, values: Mapping[str, JsonValue], scope: Scope) -> str:
    if name.startswith("!"):
        return f"${{{name[1:]}}}"
    check_variable(name)
    if name in values:
        value = values[name]
    elif "." in name:
        value = scope.attribute(*name.split(".", 1))
    else:
        value = scope.reference(name)
    if value is None or isinstance(value, (dict, list)):
        raise template_error(f"variable {name} in Fn::Sub expression does not resolve to a string")
    return as_text(value)


def check_variable(name: str) -> None:
    """Raises ServiceError for what can't stand in `${...}`."""
    if not _VARIABLE_NAME.match(name):
        raise template_error(
            "variable names in Fn::Sub syntax must contain only alphanumeric characters, "
            "underscores, periods, and colons"
        )


def _join(argument: JsonValue, scope: Scope) -> JsonValue:
    if not isinstance(argument, list) or len(argument) != 2:
        raise template_error(_JOIN_ARGUMENTS)
    delimiter = resolve_text(argument[0], scope, _JOIN_ARGUMENTS)
    items = resolve(argument[1], scope)
    if isinstance(items, str) and items == scope.unknown:
        return items
    if not isinstance(items, list) or any(isinstance(item, (dict, list)) for item in items):
        raise template_error(_JOIN_ARGUMENTS)
    _bounded(sum(len(as_text(item)) + len(delimiter) for item in items))
    return delimiter.join(as_text(item) for item in items)


def _split(argument: JsonValue, scope: Scope) -> JsonValue:
    if not isinstance(argument, list) or len(argument) != 2:
        raise template_error(_SPLIT_ARGUMENTS)
    delimiter = resolve_text(argument[0], scope, _SPLIT_ARGUMENTS)
    text = resolve_text(argument[1], scope, _SPLIT_ARGUMENTS)
    if not delimiter:
        raise template_error(_SPLIT_ARGUMENTS)
    if text == scope.unknown:
        return text
    return [*text.split(delimiter)]


def _select(argument: JsonValue, scope: Scope) -> JsonValue:
    if not isinstance(argument, list) or len(argument) != 2:
        raise template_error("Fn::Select requires a list argument with two elements")
    index = resolve_text(argument[0], scope, "Fn::Select requires an integer index")
    items = resolve(argument[1], scope)
    if isinstance(items, str) and items == scope.unknown:
        return items
    if not isinstance(items, list):
        raise template_error("Fn::Select requires a list argument with two elements")
    if not is_whole_number(index, 0, len(items) - 1):
        raise template_error(f"Fn::Select  cannot select nonexistent value at index {index[:80]}")
    return items[int(index)]


def _find_in_map(argument: JsonValue, scope: Scope) -> JsonValue:
    refusal = (
        "every Fn::FindInMap object requires three parameters, the map name, map key and the "
        "attribute for return value"
    )
    if not isinstance(argument, list) or len(argument) not in (3, 4):
        raise template_error(refusal)
    name, top, second = (resolve_text(part, scope, refusal) for part in argument[:3])
    default = argument[3] if len(argument) == 4 else None
    if default is not None and not (isinstance(default, dict) and "DefaultValue" in default):
        raise template_error(refusal)
    if isinstance(default, dict) and name not in scope.mappings:
        return resolve(default["DefaultValue"], scope)
    found = scope.mapped(name, top, second)
    if found is None and isinstance(default, dict):
        return resolve(default["DefaultValue"], scope)
    if found is None:
        raise template_error(f"Unable to get mapping for {name}::{top}::{second}")
    return found


def _import_value(argument: JsonValue, scope: Scope) -> JsonValue:
    name = resolve_text(
        argument,
        scope,
        "the attribute in Fn::ImportValue must be a string or a function that returns a string",
    )
    if name not in scope.exports:
        raise ServiceError("ValidationError", f"No export named {name} found.")
    return scope.exports[name]


def _base64(argument: JsonValue, scope: Scope) -> JsonValue:
    text = resolve_text(argument, scope, "every Fn::Base64 object must have a String-typed value.")
    _bounded(len(text))
    return base64.b64encode(text.encode()).decode()


def _get_azs(argument: JsonValue, scope: Scope) -> JsonValue:
    region = resolve_text(
        argument, scope, "every Fn::GetAZs object must have a String-typed value."
    )
    return [f"{region or scope.region}{zone}" for zone in _ZONES]


def _cidr(argument: JsonValue, scope: Scope) -> JsonValue:
    if not isinstance(argument, list) or len(argument) not in (2, 3):
        raise template_error(_CIDR_ARGUMENTS)
    block, count, bits = (resolve(part, scope) for part in [*argument, "8"][:3])
    if scope.unknown is not None and scope.unknown in (block, count, bits):
        return scope.unknown
    try:
        network = ipaddress.ip_network(as_text(block), strict=False)
        wanted, host_bits = int(as_text(count)), int(as_text(bits))
        if not 1 <= wanted <= SUBNETS_MAX or host_bits < 1:
            raise template_error(_CIDR_ARGUMENTS)
        subnets = network.subnets(new_prefix=network.max_prefixlen - host_bits)
        made: list[JsonValue] = [str(subnet) for subnet in islice(subnets, wanted)]
    except ValueError as error:
        raise template_error(_CIDR_ARGUMENTS) from error
    if len(made) < wanted:
        raise template_error(_CIDR_ARGUMENTS)
    return made


def _if(argument: JsonValue, scope: Scope) -> JsonValue:
    return resolve(taken_branch(argument, scope), scope)


def taken_branch(argument: JsonValue, scope: Scope) -> JsonValue:
    """The branch of an `Fn::If` that its condition chooses, not evaluated."""
    if not isinstance(argument, list) or len(argument) != 3:
        raise template_error("Fn::If requires a list argument with three elements")
    condition, then, otherwise = argument
    if isinstance(condition, str):
        return then if scope.condition(condition) else otherwise
    return then if holds(condition, scope) else otherwise


def holds(value: JsonValue, scope: Scope, known: Callable[[str], bool] | None = None) -> bool:
    """Whether a condition's expression is true. `known` looks up conditions by name."""
    lookup = known or scope.condition
    if isinstance(value, dict) and len(value) == 1:
        name, argument = next(iter(value.items()))
        if name == "Condition":
            return lookup(_condition_name(argument))
        if name in ("Fn::And", "Fn::Or"):
            truths = [holds(item, scope, known) for item in _operands(name, argument)]
            return all(truths) if name == "Fn::And" else any(truths)
        if name == "Fn::Not":
            if not isinstance(argument, list) or len(argument) != 1:
                raise template_error("every Fn::Not object requires a list of 1 boolean parameter.")
            return not holds(argument[0], scope, known)
        if name == "Fn::Equals":
            left, right = _equals_operands(argument)
            return as_text(resolve(left, scope)) == as_text(resolve(right, scope))
    truth = as_text(resolve(value, scope)).lower()
    if truth not in ("true", "false"):
        raise template_error("Every Condition must be a boolean expression.")
    return truth == "true"


def _condition_name(argument: JsonValue) -> str:
    if not isinstance(argument, str):
        raise template_error("every Condition object must have a single String value.")
    return argument


def _operands(name: str, argument: JsonValue) -> list[JsonValue]:
    if not isinstance(argument, list) or not 2 <= len(argument) <= 10:
        raise template_error(
            f"every {name} object requires a list of at least 2 and at most 10 boolean parameters."
        )
    return argument


def _equals_operands(argument: JsonValue) -> tuple[JsonValue, JsonValue]:
    if not isinstance(argument, list) or len(argument) != 2:
        raise template_error("every Fn::Equals object requires a list of 2 string parameters.")
    return argument[0], argument[1]


def _truth(name: str) -> Callable[[JsonValue, Scope], JsonValue]:
    def evaluate(argument: JsonValue, scope: Scope) -> JsonValue:
        return holds({name: argument}, scope)

    return evaluate


def _length(argument: JsonValue, scope: Scope) -> JsonValue:
    items = resolve(argument, scope)
    if not isinstance(items, list):
        raise template_error("Fn::Length requires a list argument")
    return len(items)


def _to_json_string(argument: JsonValue, scope: Scope) -> JsonValue:
    value = resolve(argument, scope)
    if not isinstance(value, (dict, list)):
        raise template_error("Fn::ToJsonString requires an object or a list")
    text = encode_text(value)
    _bounded(len(text))
    return text


def _bounded(characters: int) -> None:
    if characters > TEXT_MAX:
        raise template_error(f"functions make a text of more than {TEXT_MAX:,} characters")


FUNCTIONS: Mapping[str, Callable[[JsonValue, Scope], JsonValue]] = {
    "Fn::Base64": _base64,
    "Fn::GetAtt": _get_att,
    "Fn::GetAZs": _get_azs,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::FindInMap": _find_in_map,
    "Fn::Select": _select,
    "Ref": _ref,
    "Fn::Equals": _truth("Fn::Equals"),
    "Fn::If": _if,
    "Fn::Not": _truth("Fn::Not"),
    "Fn::And": _truth("Fn::And"),
    "Fn::Or": _truth("Fn::Or"),
    "Fn::Sub": _sub,
    "Fn::Cidr": _cidr,
    "Fn::Length": _length,
    "Fn::ToJsonString": _to_json_string,
}
"""What can stand in a template's values."""
