"""Payload templates: Parameters, ResultSelector, ItemSelector, Assign.

A key that ends in `.$` holds a path or an intrinsic function and loses its ending in the result;
this holds at any depth, in arrays too. Whatever is constant is kept as it stands in the definition
and shared by all results, so results must not be changed.
"""

from __future__ import annotations

from stepwell.language.budget import REFERENCES_FREE, held
from stepwell.language.diagnostics import Diagnostic, schema_error
from stepwell.language.intrinsics import compile_intrinsic, intrinsic_paths
from stepwell.language.java import hash_order
from stepwell.language.paths import PathNotFound, PathSyntaxError, compile_path
from stepwell.language.places import Place
from stepwell.language.program import Environment, Evaluate, EvaluationFailed
from stepwell.values import JsonObject, JsonValue, encode_text

MARK = ".$"
DEPTH_MAX = 100
FINDINGS_MAX = 1_000


def compile_expression(text: str, field: str) -> Evaluate:
    """One path, context path, variable or intrinsic function as a function (data, env) -> value.

    `field` is how a failure names the place: `ErrorPath`, `Y.$`. Raises PathSyntaxError.
    """
    stripped = text.strip()
    if not stripped.startswith("$"):
        return compile_intrinsic(stripped)
    path = compile_path(stripped)
    read = path.read
    if path.definite and (path.steps or path.variable):
        return _reader(read, path.text, field)
    return read


def _reader(read: Evaluate, text: str, field: str) -> Evaluate:
    def evaluate(data: JsonValue, env: Environment) -> JsonValue:
        try:
            return read(data, env)
        except PathNotFound:
            cause = (
                f"The JSONPath '{text}' specified for the field '{field}' could not be found in "
                f"the input '{encode_text(data)}'"
            )
            raise EvaluationFailed(cause, location=field) from None

    return evaluate


def compile_template(template: JsonValue, field: str) -> Evaluate:
    """The template as a function (data, env) -> value. `field` names it in failures.

    Raises PathSyntaxError where `template_findings` would have reported an error.
    """
    build = _compile(template, 0)
    if build is not None and _names_much(template):
        build = held(build)
    return build if build is not None else lambda _data, _env: template


def _names_much(template: JsonValue) -> bool:
    """Whether so much is named that small data could become large."""
    count, pending = 0, [template]
    while pending and count <= REFERENCES_FREE:
        part = pending.pop()
        if isinstance(part, list):
            pending.extend(part)
        elif isinstance(part, dict):
            pending.extend(value for name, value in part.items() if not name.endswith(MARK))
            texts = [str(value) for name, value in part.items() if name.endswith(MARK)]
            count += sum(map(_weight, texts))
    return count > REFERENCES_FREE


def _weight(text: str) -> int:
    """How many values an expression names; what may find any number counts as too many."""
    stripped = text.strip()
    paths = [stripped] if stripped.startswith("$") else intrinsic_paths(stripped)
    if all(compile_path(path).definite for path in paths):
        return len(paths)
    return REFERENCES_FREE + 1


def _compile(template: JsonValue, depth: int) -> Evaluate | None:
    """None when nothing in it depends on the data."""
    if depth > DEPTH_MAX:
        raise PathSyntaxError("The template is too deeply nested")
    if isinstance(template, dict):
        return _compile_object(template, depth)
    if isinstance(template, list):
        return _compile_array(template, depth)
    return None


def _compile_object(template: JsonObject, depth: int) -> Evaluate | None:
    constants: JsonObject = {}
    inner: list[tuple[str, Evaluate]] = []
    computed: dict[str, Evaluate] = {}
    for key, value in template.items():
        if key.endswith(MARK):
            if not isinstance(value, str):
                raise PathSyntaxError(f"The value of '{key}' must be a text")
            computed[key[: -len(MARK)]] = compile_expression(value, key)
            continue
        constants[key] = value
        build = _compile(value, depth + 1)
        if build is not None:
            inner.append((key, build))
    # AWS puts the computed members behind the others, in the order of its hash map.
    inner += [(name, computed[name]) for name in hash_order(computed)]
    return _object_builder(constants, tuple(inner)) if inner else None


def _object_builder(constants: JsonObject, computed: tuple[tuple[str, Evaluate], ...]) -> Evaluate:
    def build(data: JsonValue, env: Environment) -> JsonValue:
        result = constants.copy()
        for name, evaluate in computed:
            result[name] = evaluate(data, env)
        return result

    return build


def _compile_array(template: list[JsonValue], depth: int) -> Evaluate | None:
    builds = [(place, _compile(item, depth + 1)) for place, item in enumerate(template)]
    computed = tuple((place, build) for place, build in builds if build is not None)
    if not computed:
        return None

    def build(data: JsonValue, env: Environment) -> JsonValue:
        result = template.copy()
        for place, evaluate in computed:
            result[place] = evaluate(data, env)
        return result

    return build


def template_findings(template: JsonValue, pointer: str) -> list[Diagnostic]:
    """What is wrong with the template. `pointer` is its place: `/States/X/Parameters`."""
    findings: list[Diagnostic] = []
    pending: list[tuple[JsonValue, Place, int]] = [(template, Place(pointer), 0)]
    while pending and len(findings) < FINDINGS_MAX:
        part, place, depth = pending.pop()
        if depth > DEPTH_MAX:
            findings.append(schema_error("The template is too deeply nested", str(place)))
        elif isinstance(part, list):
            inner = [(item, place.item(index), depth + 1) for index, item in enumerate(part)]
            pending.extend(reversed(inner))
        elif isinstance(part, dict):
            findings += _marked_findings(part, place)
            names = [name for name in part if not name.endswith(MARK)]
            inner = [(part[name], place.member(name), depth + 1) for name in names]
            pending.extend(reversed(inner))
    return findings[:FINDINGS_MAX]


def _marked_findings(template: JsonObject, place: Place) -> list[Diagnostic]:
    messages: list[tuple[str, str]] = []
    for key, value in template.items():
        if not key.endswith(MARK) or len(messages) >= FINDINGS_MAX:
            continue
        problem = expression_problem(value)
        if problem is not None:
            messages.append((_bad_value(key), problem))
        if key[: -len(MARK)] in template:
            messages.append((_duplicate(key), ""))
    location = str(place) if messages else ""
    return [schema_error(message, location, hint) for message, hint in messages]


def expression_problem(value: JsonValue) -> str | None:
    """Why the value is no path and no intrinsic function, None when it is one."""
    if not isinstance(value, str):
        return "A text that holds a path or an intrinsic function is expected"
    try:
        compile_expression(value, "")
    except PathSyntaxError as error:
        return error.message
    return None


def expression_variables(value: JsonValue) -> frozenset[str]:
    """The names of the variables that a path or function reads; none when it is neither."""
    if not isinstance(value, str):
        return frozenset()
    text = value.strip()
    try:
        paths = [text] if text.startswith("$") else intrinsic_paths(text)
        return frozenset(compile_path(path).variable for path in paths) - {""}
    except PathSyntaxError:
        return frozenset()


def _bad_value(key: str) -> str:
    return (
        f"The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function "
        "call"
    )


def _duplicate(key: str) -> str:
    return f"The field '{key[: -len(MARK)]}' must not be specified together with '{key}'"
