"""A template's text, JSON or YAML, to a `Template`.

Only the shape is checked here, as CloudFormation does before anything else: well-formed text, known
sections, members of the right kind. What a template means is looked at by `review`.
"""

from __future__ import annotations

from typing import TypeAlias

from stepwell.deploy.refusals import format_error
from stepwell.deploy.sections import template_of
from stepwell.deploy.template import Template
from stepwell.deploy.yaml_text import DEPTH_MAX, NODES_MAX, read_yaml
from stepwell.language.json_trouble import json_trouble
from stepwell.values import BadJson, JsonObject, JsonValue, decode

INLINE_BYTES_MAX = 51_200
"""A template in the request itself (`TemplateBody`)."""
STORED_BYTES_MAX = 1_048_576
"""A template in a bucket (`TemplateURL`), and one that a transform made."""

PLACE_CHARACTERS_MAX = 500


def read_template(text: str) -> Template:
    """The template. Raises ServiceError ValidationError, with line and column where known."""
    return template_of(read_document(text))


def read_document(text: str) -> JsonObject:
    """The text as one JSON object, short forms written out. Raises ServiceError."""
    text = text.removeprefix("\ufeff")
    is_json = text.lstrip().startswith("{")
    document = _read_json(text) if is_json else read_yaml(text)
    if not isinstance(document, dict):
        raise format_error("unsupported structure.")
    # A transform may put a null where it is text (a definition's), so it is looked for afterwards.
    refuse_odd_values(document, nulls_allowed="Transform" in document)
    return document


def _read_json(text: str) -> JsonValue:
    try:
        value = decode(text)
    except BadJson as error:
        trouble = json_trouble(text)
        place = f"(line {trouble.line}, column {trouble.column})"
        raise format_error(f"JSON not well-formed. {place}") from error
    return value


_Path: TypeAlias = "tuple[_Path, str] | None"
"""Where a value stands: the path of what is around it, and its own name."""


def refuse_odd_values(document: JsonObject, *, nulls_allowed: bool = False) -> None:
    """No value may be null, and nothing too deep or too much. Raises ServiceError."""
    pending: list[tuple[JsonValue, _Path, int]] = [(document, None, 0)]
    for _ in range(NODES_MAX):
        if not pending:
            return
        value, path, depth = pending.pop()
        if value is None and not nulls_allowed:
            raise format_error(f"[{_shown(path)}] 'null' values are not allowed in templates")
        if depth > DEPTH_MAX:
            raise format_error(f"[{_shown(path)}] values are nested deeper than {DEPTH_MAX}")
        if isinstance(value, dict):
            inner = [(item, (path, name), depth + 1) for name, item in value.items()]
            pending.extend(reversed(inner))
        elif isinstance(value, list):
            pending.extend((item, (path, str(at)), depth + 1) for at, item in enumerate(value))
    raise format_error(f"The template has more than {NODES_MAX} values")


def _shown(path: _Path) -> str:
    parts = []
    while path is not None:
        path, name = path
        parts.append(name)
    return "".join(f"/{part}" for part in reversed(parts))[:PLACE_CHARACTERS_MAX]
