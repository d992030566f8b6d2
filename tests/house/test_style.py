"""The style that can be counted: sizes, words at the top, nothing that reads time or chance."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.house.tree import PACKAGE, Module, modules, product

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60

PRINTING_PARTS = ("stepwell.cli",)
IMPURE_PLACES = (
    "stepwell.runtime.clock",
    "stepwell.stores.postgres.lease",
    "stepwell.functions.bootstraps",
    "stepwell.testing",
)
"""The ports' real implementations, the lease, which names this very process, and what runs in the
processes of functions: the only modules that read the clock or make random numbers."""

IMPURE = frozenset(
    {
        "time.time",
        "time.time_ns",
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
        "uuid.uuid1",
        "uuid.uuid4",
        "os.urandom",
    }
)
IMPURE_MODULES = frozenset({"random", "secrets"})
SEEDED = "random.Random"
"""A generator of one's own with a seed is a function of its arguments."""

OUTSIDE_THE_RULE = ("stepwell.cli",)
"""The command line is a client: it reads the clock that a person reads."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def belongs(module: Module, parts: tuple[str, ...]) -> bool:
    """Whether a module is one of these or lies below one."""
    return any(module.name == part or module.name.startswith(part + ".") for part in parts)


def functions(module: Module) -> Iterator[Function]:
    """Every function and method of a module."""
    return (node for node in ast.walk(module.tree) if isinstance(node, Function))


def length(function: Function) -> int:
    """Lines from the `def` to the end."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def dotted(node: ast.expr) -> str:
    """`a.b` of an attribute or name; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""


def undocumented(module: Module) -> Iterator[str]:
    """The public classes, functions and methods without a docstring.

    Members of a Protocol or of a NamedTuple say what they are by their name and type; what a nested
    function does is said by the function around it.
    """
    for node in _definitions(module.tree.body):
        if isinstance(node, ast.ClassDef):
            if not ast.get_docstring(node):
                yield f"{module.place}:{node.lineno}: class {node.name}"
            for member in _definitions(node.body):
                if isinstance(member, Function) and _needs_words(member):
                    yield f"{module.place}:{member.lineno}: {node.name}.{member.name}"
        elif _needs_words(node):
            yield f"{module.place}:{node.lineno}: {node.name}"


def _definitions(body: list[ast.stmt]) -> Iterator[Function | ast.ClassDef]:
    for node in body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node


def _needs_words(function: Function | ast.ClassDef) -> bool:
    overload = any(
        dotted(d).split(".")[-1] in ("overload", "setter") for d in function.decorator_list
    )
    return not overload and not ast.get_docstring(function)


def impure_calls(module: Module) -> Iterator[str]:
    """Where a module reads the clock or makes a random number."""
    chancy = IMPURE_MODULES & set(_imported_modules(module))
    for node in ast.walk(module.tree):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Attribute):
            names = [".".join(dotted(node).split(".")[-2:])]
        elif isinstance(node, ast.Call) and dotted(node.func) == SEEDED and not node.args:
            names = ["random.Random without a seed"]
        yield from (
            f"{module.place}:{getattr(node, 'lineno', 0)}: {name}"
            for name in names
            if name in IMPURE or (name.split(".")[0] in chancy and name != SEEDED)
        )


def _imported_modules(module: Module) -> Iterator[str]:
    """The modules imported whole or in part: a variable may well be called `random`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_files_stay_short() -> None:
    """Past 500 lines there is a second concept in the file."""
    counted = {m.place: m.text.count("\n") for m in modules()}
    assert {place: lines for place, lines in counted.items() if lines > FILE_LINES_MAX} == {}


def test_functions_fit_a_screen() -> None:
    """No function is longer than 60 lines."""
    assert [
        f"{m.place}:{f.lineno}: {f.name} has {length(f)} lines"
        for m in modules()
        for f in functions(m)
        if length(f) > FUNCTION_LINES_MAX
    ] == []


def test_every_module_says_what_it_is_for() -> None:
    """Every Python file opens with a docstring."""
    assert [m.place for m in modules() if m.text.strip() and not ast.get_docstring(m.tree)] == []


def test_everything_public_has_words() -> None:
    """Every public class, function and method of the product has a docstring."""
    assert [name for m in product() for name in undocumented(m)] == []


def test_every_test_says_what_must_hold() -> None:
    """Every test function says in a line what must hold."""
    assert [
        f"{m.place}:{f.lineno}: {f.name}"
        for m in modules()
        if m.name.startswith("tests.")
        for f in functions(m)
        if f.name.startswith("test_") and not ast.get_docstring(f)
    ] == []


def test_only_the_command_line_prints() -> None:
    """The product logs; only the command line writes to the terminal."""
    assert [
        f"{m.place}:{node.lineno}"
        for m in product()
        if not belongs(m, PRINTING_PARTS)
        for node in ast.walk(m.tree)
        if isinstance(node, ast.Call) and dotted(node.func) == "print"
    ] == []


def test_time_and_chance_are_arguments() -> None:
    """Nothing but the clock and the ids reads the time or makes a random number."""
    assert [
        call
        for m in product()
        if not belongs(m, IMPURE_PLACES + OUTSIDE_THE_RULE)
        for call in impure_calls(m)
    ] == []


def test_tests_do_not_sleep() -> None:
    """Tests wait for something that happens, never for a time."""
    assert [
        f"{m.place}:{node.lineno}"
        for m in modules()
        if m.name.startswith("tests.")
        for node in ast.walk(m.tree)
        if isinstance(node, ast.Call)
        and (dotted(node.func) == "time.sleep" or _sleeps_for_a_time(node))
    ] == []


def _sleeps_for_a_time(call: ast.Call) -> bool:
    """`asyncio.sleep(0)` gives way to others, which is not sleeping."""
    if dotted(call.func) != "asyncio.sleep" or not call.args:
        return False
    argument = call.args[0]
    return not (isinstance(argument, ast.Constant) and argument.value == 0)


@pytest.mark.parametrize(
    "text",
    [
        "import time\nx = time.time()",
        "from time import time",
        "import datetime\nx = datetime.datetime.now()",
        "from random import choice",
        "import random\nx = random.random()",
        "import random\nx = random.Random()",
        "import secrets\nx = secrets.token_bytes(8)",
        "import uuid\nmake = uuid.uuid4",
    ],
)
def test_the_check_sees_impurity(text: str) -> None:
    """Each way to read the clock or chance is a finding."""
    sample = product()[0]
    assert list(impure_calls(Module(PACKAGE, sample.path, text, ast.parse(text))))


def test_the_check_lets_a_seeded_generator_pass() -> None:
    """A generator with a seed is no finding, nor is a variable of that name."""
    for text in ("import random\nx = random.Random(7).random()", "x = random.hex()"):
        assert list(impure_calls(Module(PACKAGE, product()[0].path, text, ast.parse(text)))) == []
