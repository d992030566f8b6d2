"""The text of a template, read once, in one pass."""

from __future__ import annotations

import re
from functools import lru_cache

from stepwell.services.apigateway.templates.expressions import Reader
from stepwell.services.apigateway.templates.syntax import (
    Block,
    CallMacro,
    Define,
    Expression,
    ForEach,
    If,
    Macro,
    Node,
    SetTo,
    Stop,
    Template,
    Text,
)

_TO_NEXT = re.compile(r"[^$#\\]+")
_ESCAPED = re.compile(r"\\([$#])(?=!?\{?[A-Za-z_])")
_LINE_COMMENT = re.compile(r"##[^\n]*(?:\n|$)")
_BLOCK_COMMENT = re.compile(r"#\*.*?\*#", re.DOTALL)
_VERBATIM = re.compile(r"#\[\[(.*?)\]\]#", re.DOTALL)
_DIRECTIVE = re.compile(r"#(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
_REFERENCE = re.compile(r"\$!?(?:\{\s*)?[A-Za-z_]")
_END_OF_LINE = re.compile(r"[ \t]*\r?\n")
_BLANK = re.compile(r"\s*")
_PARAMETER = re.compile(r"[\s,]*\$([A-Za-z_]\w*)")
_NAME = re.compile(r"\s*\$?([A-Za-z_]\w*)")
_IN = re.compile(r"\s+in\s+")

_ENDS = frozenset({"end", "else", "elseif"})
_REFUSED = frozenset({"include", "parse", "evaluate"})


@lru_cache(maxsize=256)
def parse_template(text: str) -> Template:
    """The template of that text. Raises TemplateTrouble."""
    reader = _Templates(text)
    body, end = reader.block()
    if end:
        raise reader.trouble(f"#{end} without a beginning")
    return Template(body)


def parse_block(text: str, depth: int) -> Block:
    """The content of a text in double quotes."""
    reader = _Templates(text, depth)
    body, end = reader.block()
    if end:
        raise reader.trouble(f"#{end} in a text")
    return body


class _Templates(Reader):
    """Reads blocks; expressions are the base's."""

    def interpolated(self, text: str) -> Block:
        return parse_block(text, self.depth + 1)

    def block(self) -> tuple[Block, str]:
        """Nodes up to the end of the text, or up to #end, #else, #elseif, whose name it tells."""
        self.enter()
        nodes: list[Node] = []
        text: list[str] = []

        def flush() -> None:
            if text:
                nodes.append(Text("".join(text)))
                text.clear()

        while self.at < len(self.text):
            found = self._plain()
            if found is not None:
                text.append(found)
                continue
            if self.text[self.at] == "$":
                flush()
                nodes.append(self.reference())
                continue
            name = self._directive_name()
            if name in _ENDS:
                flush()
                self.leave()
                return tuple(nodes), name
            if name == "set":
                _trim_indent(text)
            flush()
            node = self._directive(name)
            if isinstance(node, Text):
                text.append(node.text)
            else:
                nodes.append(node)
        flush()
        self.leave()
        return tuple(nodes), ""

    def _plain(self) -> str | None:
        """Text that stands for itself, comments as none; None at a reference or a directive."""
        if found := self.take(_TO_NEXT):
            return found[0]
        if found := self.take(_ESCAPED):
            return found[1]
        if self.take(_LINE_COMMENT) or self.take(_BLOCK_COMMENT):
            return ""
        if found := self.take(_VERBATIM):
            return found[1]
        pattern = _REFERENCE if self.text[self.at] == "$" else _DIRECTIVE
        if self.text[self.at] == "\\" or not pattern.match(self.text, self.at):
            self.at += 1
            return self.text[self.at - 1]
        return None

    def _directive_name(self) -> str:
        found = _DIRECTIVE.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        name = found[1] or found[2]
        if found[2] and name not in _ENDS:
            for end in ("elseif", "else", "end"):
                # `#elseText` is `#else` and text; so is `#endif`.
                if name.startswith(end):
                    self.at -= len(name) - len(end)
                    return end
        if name == "end":
            self.take(_END_OF_LINE)
        return name

    def _directive(self, name: str) -> Node:
        if name in _REFUSED:
            raise self.trouble(f"#{name} is not available in mapping templates")
        match name:
            case "set":
                return self._set()
            case "if":
                return self._if()
            case "foreach":
                return self._foreach()
            case "define":
                self.open()
                return Define(self._name(), self._body())
            case "macro":
                self.open()
                macro = self._name()
                parameters = []
                while found := self.take(_PARAMETER):
                    parameters.append(found[1])
                return Macro(macro, tuple(parameters), self._body())
            case "stop" | "break":
                return Stop(name == "break")
        return self._macro_call(name)

    def _name(self) -> str:
        found = self.take(_NAME)
        if not found:
            raise self.trouble("a name is missing")
        return found[1]

    def _body(self) -> Block:
        """From the closing parenthesis to #end."""
        self.close_directive()
        body, end = self.block()
        if end != "end":
            raise self.trouble("#end is missing")
        return body

    def close_directive(self) -> None:
        """A closing parenthesis, and the rest of its line where that is blank."""
        self.expect(")")
        self.take(_END_OF_LINE)

    def _set(self) -> SetTo:
        self.open()
        self.take(_BLANK)
        target = self.reference()
        self.expect("=")
        value = self.expression()
        self.close_directive()
        return SetTo(target, value)

    def _condition(self) -> Expression:
        self.open()
        condition = self.expression()
        self.close_directive()
        return condition

    def _if(self) -> If:
        branches: list[tuple[Expression, Block]] = []
        otherwise: Block = ()
        end = "elseif"
        while end == "elseif":
            condition = self._condition()
            body, end = self.block()
            branches.append((condition, body))
        if end == "else":
            otherwise, end = self.block()
        if end != "end":
            raise self.trouble("#end is missing")
        return If(tuple(branches), otherwise)

    def _foreach(self) -> ForEach:
        self.open()
        name = self._name()
        if not self.take(_IN):
            raise self.trouble("'in' is missing in #foreach")
        items = self.expression()
        return ForEach(name, items, self._body())

    def _macro_call(self, name: str) -> Node:
        start = self.at - len(name) - 1
        if not self.is_next("("):
            return Text(self.text[start : self.at])
        self.expect("(")
        arguments = self.arguments(")", commas=False)
        return CallMacro(name, arguments, self.text[start : self.at])


def _trim_indent(text: list[str]) -> None:
    """Blanks that stand before #set on its line go with it."""
    if text:
        bare = text[-1].rstrip(" \t")
        if not bare or bare.endswith("\n"):
            text[-1] = bare
