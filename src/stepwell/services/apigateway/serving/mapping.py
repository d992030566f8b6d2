"""Mapping expressions and templates: from a request to an integration, and its answer back."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from stepwell.services.apigateway.ports import SelectPath
from stepwell.services.apigateway.serving.incoming import Incoming, last_values
from stepwell.services.apigateway.templates import BodyTrouble, TemplateTrouble, parse_template
from stepwell.services.apigateway.templates.evaluate import render_with_names
from stepwell.services.apigateway.templates.values import Helper, shown
from stepwell.values import BadJson, JsonValue, decode, encode_text

Answered = tuple[int, list[tuple[str, str]], bytes]
"""The status, headers and body of an integration's answer."""
_VARIABLE = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}|\$stageVariables\.([A-Za-z0-9_]+)")
_SIGNS = {
    '"': '\\"',
    "'": "\\'",
    "\\": "\\\\",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}


def with_variables(text: str, variables: Mapping[str, str]) -> str:
    """A text with the stage's variables put in."""
    return _VARIABLE.sub(lambda found: variables.get(found[1] or found[2], ""), text)


def escape_javascript(value: Any) -> str:
    """A text as it stands in JavaScript between quotes."""
    out = []
    for sign in shown("" if value is None else value):
        code = ord(sign)
        if sign in _SIGNS:
            out.append(_SIGNS[sign])
        elif code < 0x20 or 0x7F <= code <= 0xFFFF:
            out.append(f"\\u{code:04X}")
        elif code > 0xFFFF:
            high, low = divmod(code - 0x10000, 0x400)
            out.append(f"\\u{0xD800 + high:04X}\\u{0xDC00 + low:04X}")
        else:
            out.append(sign)
    return "".join(out)


def _parse_json(text: Any) -> Any:
    try:
        return decode(shown(text))
    except BadJson as error:
        raise TemplateTrouble(f"$util.parseJson: {error}") from error


def _decode_base64(text: Any) -> str:
    try:
        return base64.b64decode(shown(text)).decode("utf-8", "replace")
    except ValueError as error:
        raise TemplateTrouble(f"$util.base64Decode: {error}") from error


UTIL = Helper(
    methods={
        "escapeJavaScript": escape_javascript,
        "parseJson": _parse_json,
        "urlEncode": lambda text: quote_plus(shown(text), safe="*"),
        "urlDecode": lambda text: unquote_plus(shown(text)),
        "base64Encode": lambda text: base64.b64encode(shown(text).encode()).decode(),
        "base64Decode": _decode_base64,
    },
    members={},
)


class Mapper:
    """What the expressions of one request may name."""

    def __init__(self, incoming: Incoming, context: dict[str, Any], select: SelectPath) -> None:
        self.incoming = incoming
        self.context = context
        self._select = select
        # Under one name each, whichever way the caller wrote it.
        self.headers = last_values(incoming.headers)
        self.query = last_values(incoming.query)

    def value(self, expression: str, answer: Answered | None = None) -> str | list[str] | None:
        """What a mapping expression stands for: a literal in quotes, a part of the request, of the
        integration's answer, of the context, a variable of the stage."""
        if len(expression) > 1 and expression[0] == expression[-1] == "'":
            return expression[1:-1]
        if expression.startswith("context."):
            found: Any = self.context
            for part in expression.split(".")[1:]:
                found = found.get(part) if isinstance(found, dict) else None
            return None if found is None else shown(found)
        if expression.startswith("stageVariables."):
            return self.incoming.variables.get(expression.partition(".")[2])
        if expression.startswith("method.request."):
            return self._of_request(expression.removeprefix("method.request."))
        if expression.startswith("integration.response.") and answer is not None:
            return self._of_answer(expression.removeprefix("integration.response."), answer)
        return None

    def _of_request(self, place: str) -> str | list[str] | None:
        where, _, name = place.partition(".")
        match where:
            case "header":
                return self.incoming.header(name)
            case "querystring":
                return self.query.get(name)
            case "path":
                return self.incoming.path_parameters.get(name)
            case "multivalueheader":
                return self.incoming.header_values(name) or None
            case "multivaluequerystring":
                return self.incoming.query_values(name) or None
            case "body":
                return self._of_body(name, self.incoming.text_body())
        return None

    def _of_answer(self, place: str, answer: Answered) -> str | list[str] | None:
        where, _, name = place.partition(".")
        if where in ("header", "multivalueheader"):
            found = [value for key, value in answer[1] if key.lower() == name.lower()]
            return found if where != "header" else found[-1] if found else None
        if where == "body":
            return self._of_body(name, answer[2].decode("utf-8", "replace"))
        return None

    def _of_body(self, path: str, body: str) -> str | None:
        if not path:
            return body
        try:
            found = self._select(f"$.{path}", decode(body))
        except ValueError:
            return None
        if found is None:
            return None
        return found if isinstance(found, str) else encode_text(found)

    def render(self, text: str, body: str) -> str:
        """The text of a template for a body. Raises TemplateTrouble."""
        names: dict[str, Any] = {
            "input": self._input(body),
            "util": UTIL,
            "context": self.context,
            "stageVariables": dict(self.incoming.variables),
        }
        return render_with_names(parse_template(text), names)[0]

    def _input(self, body: str) -> Helper:
        document: list[JsonValue] = []

        def whole() -> JsonValue:
            if not document:
                try:
                    document.append(decode(body) if body else {})
                except BadJson as error:
                    raise BodyTrouble(str(error)) from error
            return document[0]

        def path(expression: Any) -> Any:
            try:
                return self._select(shown(expression), whole())
            except ValueError as error:
                raise TemplateTrouble(f"$input.path: {error}") from error

        def json(expression: Any) -> str:
            found = path(expression)
            return encode_text("" if found is None else found)

        def params(*name: Any) -> Any:
            if name:
                return self._parameter(shown(name[0]))
            return {
                "path": dict(self.incoming.path_parameters),
                "querystring": dict(self.query),
                "header": dict(self.headers),
            }

        methods: dict[str, Callable[..., Any]] = {"json": json, "path": path, "params": params}
        return Helper(methods=methods, members={"body": body or "{}"})

    def _parameter(self, name: str) -> str | None:
        """A parameter, looked for in the path, the query, the headers."""
        if name in self.incoming.path_parameters:
            return self.incoming.path_parameters[name]
        return self.query.get(name, self.incoming.header(name))
