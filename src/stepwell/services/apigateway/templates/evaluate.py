"""A template carried out: text out of values, within bounds.

What is not there is null, and null in the text is nothing. Arithmetic on anything but numbers is
null, but `+` joins texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.services.apigateway.templates.limits import (
    ITERATIONS_MAX,
    NESTING_MAX,
    NUMBER_MAX,
    STEPS_MAX,
    TemplateTrouble,
)
from stepwell.services.apigateway.templates.methods import methods_of
from stepwell.services.apigateway.templates.syntax import (
    Binary,
    Block,
    CallMacro,
    Define,
    Expression,
    ForEach,
    If,
    Index,
    Interpolated,
    ListOf,
    Literal,
    Macro,
    MapOf,
    Member,
    Method,
    Node,
    Not,
    RangeOf,
    Reference,
    SetTo,
    Step,
    Stop,
    Template,
    Text,
)
from stepwell.services.apigateway.templates.values import (
    Helper,
    Value,
    bounded,
    bounded_text,
    shown,
)


def render(template: Template, names: Mapping[str, Value]) -> str:
    """The text of a template. `names` are the references it begins with; they are not changed,
    but lists and maps in them may be. Raises TemplateTrouble."""
    return render_with_names(template, names)[0]


def render_with_names(
    template: Template, names: Mapping[str, Value]
) -> tuple[str, dict[str, Value]]:
    """The text, and all references at the end (responses read what was set)."""
    run = _Run(dict(names))
    try:
        run.block(template.body)
    except _Stopped:
        pass
    except (TypeError, ValueError, KeyError, OverflowError, RecursionError) as error:
        # A method that was given what it cannot work with.
        raise TemplateTrouble(f"a call in the template failed: {error}") from error
    return bounded_text("".join(run.out)), run.names


class _Stopped(Exception):
    """#stop."""


class _Broken(Exception):
    """#break."""


class _Run:
    """One evaluation: names, text so far, what was used."""

    def __init__(self, names: dict[str, Value]) -> None:
        self.names = names
        self.macros: dict[str, Macro] = {}
        self.defined: dict[str, Define] = {}
        self.out: list[str] = []
        self.written = 0
        self.steps = 0
        self.depth = 0

    def block(self, body: Block) -> None:
        self.depth += 1
        if self.depth > NESTING_MAX:
            raise TemplateTrouble("the template calls itself too deeply")
        for node in body:
            self._count()
            self._node(node)
        self.depth -= 1

    def _count(self) -> None:
        self.steps += 1
        if self.steps > STEPS_MAX:
            raise TemplateTrouble("the template takes too many steps")

    def _write(self, text: str) -> None:
        self.written += len(text)
        bounded_text(text)
        if self.written > 4 * len(text) and self.written > 40 * 1024 * 1024:
            raise TemplateTrouble("the template writes too much")
        self.out.append(text)

    def _node(self, node: Node) -> None:
        match node:
            case Text():
                self._write(node.text)
            case Reference():
                value = self._reference(node)
                if value is not None:
                    self._write(value if isinstance(value, str) else shown(value))
            case SetTo():
                self._set(node)
            case If():
                self._if(node)
            case ForEach():
                self._foreach(node)
            case Define():
                self.defined[node.name] = node
                self.names.pop(node.name, None)
            case Macro():
                self.macros[node.name] = node
            case CallMacro():
                self._call(node)
            case Stop():
                raise _Broken if node.loop else _Stopped

    def _if(self, node: If) -> None:
        for condition, body in node.branches:
            if _is_true(self.value(condition)):
                self.block(body)
                return
        self.block(node.otherwise)

    def _foreach(self, node: ForEach) -> None:
        items = self.value(node.items)
        if isinstance(items, dict):
            items = list(items.values())
        if not isinstance(items, list):
            return
        if len(items) > ITERATIONS_MAX:
            raise TemplateTrouble(f"#foreach goes round at most {ITERATIONS_MAX} times")
        before = {name: self.names.get(name) for name in (node.name, "foreach", "velocityCount")}
        depth = self.depth
        for index, item in enumerate(list(items)):
            last = index == len(items) - 1
            self.names[node.name] = item
            self.names["velocityCount"] = index + 1
            self.names["foreach"] = {
                "index": index,
                "count": index + 1,
                "hasNext": not last,
                "first": index == 0,
                "last": last,
            }
            try:
                self.block(node.body)
            except _Broken:
                self.depth = depth
                break
        self.names.update(before)

    def _call(self, node: CallMacro) -> None:
        macro = self.macros.get(node.name)
        if macro is None:
            self._write(node.source)
            return
        given = [self.value(argument) for argument in node.arguments]
        given += [None] * (len(macro.parameters) - len(given))
        before = {name: self.names.get(name) for name in macro.parameters}
        self.names.update(zip(macro.parameters, given, strict=False))
        self.block(macro.body)
        self.names.update(before)

    def _text_of(self, body: Block) -> str:
        out, self.out = self.out, []
        try:
            self.block(body)
            return bounded_text("".join(self.out))
        finally:
            self.out = out

    def _set(self, node: SetTo) -> None:
        value = self.value(node.value)
        if not node.target.steps:
            self.names[node.target.name] = value
            self.defined.pop(node.target.name, None)
            return
        holder = self.names.get(node.target.name)
        for step in node.target.steps[:-1]:
            holder = self._step(holder, step)
        last = node.target.steps[-1]
        if isinstance(last, Method):
            raise TemplateTrouble("#set needs a name or an index")
        key = last.name if isinstance(last, Member) else self.value(last.at)
        if isinstance(holder, dict):
            holder[shown(key) if isinstance(key, dict | list) else key] = value
            bounded(list(holder))
        elif isinstance(holder, list) and isinstance(key, int) and 0 <= key < len(holder):
            holder[key] = value

    def value(self, node: Expression) -> Value:
        """What an expression stands for."""
        self._count()
        match node:
            case Literal():
                return node.value
            case Reference():
                return self._reference(node)
            case Interpolated():
                return self._text_of(node.body)
            case ListOf():
                return [self.value(item) for item in node.items]
            case MapOf():
                return {self._key(key): self.value(item) for key, item in node.items}
            case RangeOf():
                return self._range(self.value(node.first), self.value(node.last))
            case Not():
                return not _is_true(self.value(node.value))
            case Binary():
                return self._binary(node)

    def _key(self, node: Expression) -> Any:
        key = self.value(node)
        return shown(key) if isinstance(key, dict | list) else key

    def _range(self, first: Value, last: Value) -> Value:
        if not isinstance(first, int) or not isinstance(last, int):
            return None
        if abs(last - first) > ITERATIONS_MAX:
            raise TemplateTrouble(f"a range has at most {ITERATIONS_MAX} numbers")
        way = 1 if last >= first else -1
        return list(range(first, last + way, way))

    def _binary(self, node: Binary) -> Value:
        left = self.value(node.left)
        if node.operator == "&&":
            return _is_true(left) and _is_true(self.value(node.right))
        if node.operator == "||":
            return _is_true(left) or _is_true(self.value(node.right))
        return calculate(node.operator, left, self.value(node.right))

    def _reference(self, node: Reference) -> Value:
        if node.name in self.defined:
            return self._text_of(self.defined[node.name].body)
        value = self.names.get(node.name)
        for step in node.steps:
            self._count()
            value = self._step(value, step)
        return value

    def _step(self, value: Value, step: Step) -> Value:
        match step:
            case Member():
                return self._member(value, step.name)
            case Index():
                return _item(value, self.value(step.at))
            case Method():
                arguments = [self.value(argument) for argument in step.arguments]
                return self._method(value, step.name, arguments)

    def _member(self, value: Value, name: str) -> Value:
        if isinstance(value, Helper):
            return value.members.get(name)
        return value.get(name) if isinstance(value, dict) else None

    def _method(self, value: Value, name: str, arguments: list[Value]) -> Value:
        if value is None:
            return None
        if isinstance(value, Helper):
            method, given = value.methods.get(name), arguments
        else:
            method, given = methods_of(value).get(name), [value, *arguments]
        if method is None:
            return None
        result = method(*given)
        return bounded_text(result) if isinstance(result, str) else result


def _item(value: Value, at: Value) -> Value:
    if isinstance(value, dict):
        return value.get(shown(at) if isinstance(at, dict | list) else at)
    if isinstance(value, list) and isinstance(at, int):
        return value[at] if -len(value) <= at < len(value) else None
    return None


def _is_true(value: Value) -> bool:
    """Velocity: everything but null and false."""
    return value is not None and value is not False


def _number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def calculate(operator: str, left: Value, right: Value) -> Value:
    """What an operator makes of two values."""
    if operator == "==":
        return left == right and isinstance(left, bool) == isinstance(right, bool)
    if operator == "!=":
        return not calculate("==", left, right)
    if operator == "+" and (isinstance(left, str) or isinstance(right, str)):
        return bounded_text(shown(left) + shown(right))
    if operator in ("<", "<=", ">", ">="):
        return _compare(operator, left, right)
    if not _number(left) or not _number(right):
        return None
    result = _arithmetic(operator, left, right)
    if isinstance(result, int) and not -NUMBER_MAX <= result < NUMBER_MAX:
        raise TemplateTrouble("a number of the template is too large")
    return result


def _compare(operator: str, left: Value, right: Value) -> bool:
    texts = isinstance(left, str) and isinstance(right, str)
    if not texts and not (_number(left) and _number(right)):
        return False
    match operator:
        case "<":
            return bool(left < right)
        case "<=":
            return bool(left <= right)
        case ">":
            return bool(left > right)
    return bool(left >= right)


def _arithmetic(operator: str, left: Any, right: Any) -> Any:
    whole = isinstance(left, int) and isinstance(right, int)
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
    if not right:
        return None
    if operator == "/":
        return int(abs(left) // abs(right)) * _sign(left, right) if whole else left / right
    return left - right * int(left / right) if not whole else abs(left) % abs(right) * _sign(left)


def _sign(*values: Any) -> int:
    negative = sum(value < 0 for value in values)
    return -1 if negative % 2 else 1
