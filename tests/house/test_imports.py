"""Imports point one way: the arrows of ARCHITECTURE.md, and no others.

The rule is a table: each part of the package with the parts it may import. A module of a part that
the table does not name fails, so that a new part gets its arrows drawn first.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

import pytest

from tests.house.tree import PACKAGE, Module, modules, product

EVERYONE = frozenset({"values", "errors", "immutable", "patterns", "__version__"})
"""What every module may import; the modules import nothing but each other."""

ALLOWED: dict[str, frozenset[str]] = {
    "": frozenset(),
    "values": frozenset(),
    "errors": frozenset(),
    "immutable": frozenset(),
    "patterns": frozenset(),
    "language": frozenset({"language"}),
    "engine": frozenset({"language", "engine"}),
    # Templates and resource types: read by the stack service, and by `stepwell doctor` offline.
    "deploy": frozenset({"language", "deploy"}),
    "runtime": frozenset({"language", "engine", "runtime"}),
    "stores": frozenset({"runtime", "stores"}),
    "services": frozenset({"runtime", "services"}),
    "services.states": frozenset({"language", "engine", "runtime", "services"}),
    "services.cloudformation": frozenset({"deploy", "runtime", "services"}),
    "integrations": frozenset(
        {"language", "engine", "runtime", "models", "services", "integrations"}
    ),
    "models": frozenset({"models"}),
    "gateway": frozenset({"services.api", "models", "gateway"}),
    "cli": frozenset({"cli"}),
    # `stepwell check` reviews definitions where they are written, without any server.
    "cli.check": frozenset({"cli", "language"}),
    "cli.deploy": frozenset({"cli", "deploy", "language"}),
    # Runs functions in processes: implements a port of Lambda's, as the stores do.
    "functions": frozenset({"services.api", "services.lambda_.ports", "functions"}),
    "core": frozenset(
        {"language", "engine", "runtime", "stores", "services", "integrations", "models", "core"}
    ),
    "server": frozenset(
        {
            "core",
            "functions",
            "language",
            "engine",
            "runtime",
            "stores",
            "services",
            "integrations",
            "models",
            "gateway",
            "server",
        }
    ),
    "testing": frozenset({"*"}),
}
"""part -> what it may import besides EVERYONE. The most specific part that fits counts."""

EXCEPTIONS: dict[tuple[str, str], str] = {
    (
        "stores.migrations.declared",
        "services",
    ): "reads every table declaration, for the next migration",
}
"""Single arrows (module, target) that go against the table, each with its reason."""

FOREIGN = frozenset(
    {
        (f"{PACKAGE}.language.jsonata.evaluator", "jsonatapy"),
        (f"{PACKAGE}.language.jsonata.patterns", "regex"),
        (f"{PACKAGE}.runtime.columnar_formats", "pyarrow"),
        (f"{PACKAGE}.runtime.item_formats", "zstandard"),
    }
)
"""The third-party packages of the core, each with the only module that may know it."""

COMPOSITION = "server"
STARTS_THE_SERVER = frozenset({f"{PACKAGE}.cli.start"})
"""The command line speaks the public API; only this reaches the composition module, to run it."""


def imported(module: Module) -> Iterator[tuple[str, int]]:
    """Every dotted name a module imports anywhere, with its line; `from a import b` is `a.b`."""
    is_package = module.path.name == "__init__.py"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.name.split(".")
                kept = len(parts) - node.level + is_package
                base = ".".join([*parts[:kept], *([base] if base else [])])
            yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)


def within(name: str, part: str) -> bool:
    """Whether a dotted name (below the package) belongs to a part."""
    return part == "*" or name == part or name.startswith(part + ".")


def part_of(name: str) -> str | None:
    """The most specific part of ALLOWED that a module (below the package) belongs to."""
    fits = [part for part in ALLOWED if part and within(name, part)] or ([""] if not name else [])
    return max(fits, key=len, default=None)


def verdict(importer: str, target: str) -> str | None:
    """Why a module may not import a name, both below the package; None when it may."""
    part = part_of(importer)
    if part is None:
        return "is in no part that the table of allowed imports names"
    if any(within(target, free) for free in EVERYONE):
        return None
    if any(importer == module and within(target, to) for module, to in EXCEPTIONS):
        return None
    if within(target, COMPOSITION) and f"{PACKAGE}.{importer}" in STARTS_THE_SERVER:
        return None
    if not any(within(target, allowed) for allowed in ALLOWED[part]):
        return f"imports {target}, and {part or PACKAGE} may not"
    return None


def findings(module: Module) -> list[str]:
    """Every import of a product module that goes against the arrows."""
    importer = module.name.removeprefix(PACKAGE).removeprefix(".")
    found = []
    for name, line in imported(module):
        if name == PACKAGE or not name.startswith(PACKAGE + "."):
            continue
        trouble = verdict(importer, name.removeprefix(PACKAGE + "."))
        if trouble and trouble not in found:
            found.append(f"{module.place}:{line}: {trouble}")
    return found


def test_every_import_follows_an_arrow() -> None:
    """No module of the package imports against the drawn direction."""
    assert [f for module in product() for f in findings(module)] == []


def test_every_module_belongs_to_a_part() -> None:
    """A new top-level part is drawn before it is built."""
    below = (m.name.removeprefix(PACKAGE).removeprefix(".") for m in product())
    assert [name for name in below if part_of(name) is None] == []


def test_every_exception_is_needed() -> None:
    """An exception whose arrow is gone goes too."""
    arrows = {
        (m.name.removeprefix(PACKAGE + "."), name.removeprefix(PACKAGE + "."))
        for m in product()
        for name, _ in imported(m)
    }
    assert [
        exception
        for exception in EXCEPTIONS
        if not any(importer == exception[0] and within(to, exception[1]) for importer, to in arrows)
    ] == []


def test_the_core_needs_nothing_but_the_standard_library() -> None:
    """Language and engine import no third-party package, but for JSONata in its one adapter."""
    parts = [f"{PACKAGE}.language", f"{PACKAGE}.engine", f"{PACKAGE}.errors"]
    foreign = [
        f"{m.place}:{line}: {name}"
        for m in product()
        if any(m.name == part or m.name.startswith(part + ".") for part in parts)
        for name, line in imported(m)
        if name.split(".")[0] not in {*sys.stdlib_module_names, PACKAGE}
        and (m.name, name.split(".")[0]) not in FOREIGN
    ]
    assert foreign == []


def test_the_product_knows_no_tests() -> None:
    """Nothing of the package imports the tests, the tools or the bench."""
    outside = ("tests", "tools", "bench")
    assert [
        f"{m.place}:{line}"
        for m in product()
        for name, line in imported(m)
        if name.split(".")[0] in outside
    ] == []


def test_only_tests_import_the_testing_package() -> None:
    """`stepwell.testing` may import all; only tests, tools, examples and the
    bench import it."""
    assert [
        f"{m.place}:{line}"
        for m in modules()
        for name, line in imported(m)
        if name.startswith(f"{PACKAGE}.testing")
        and not m.name.startswith(("tests", "tools", "bench", "examples", f"{PACKAGE}.testing"))
    ] == []


@pytest.mark.parametrize(
    ("importer", "target"),
    [
        ("language.program", "engine.decide"),
        ("engine.decide", "runtime.ports"),
        ("runtime.loop", "services.states"),
        ("services.sqs.queues", "engine.decide"),
        ("services.sqs.queues", "language.program"),
        ("stores.sqlite", "services.sqs.queues"),
        ("gateway.edge", "services.sqs.queues"),
        ("cli.history", "runtime.ledger"),
        ("cli.history", "server"),
        ("cli.history", "language.review"),
        ("cli.check.review", "services.states"),
        ("engine.decide", "testing.clock"),
        ("elsewhere.thing", "values"),
    ],
)
def test_the_check_sees_a_wrong_arrow(importer: str, target: str) -> None:
    """Each arrow that is not drawn is a finding."""
    assert verdict(importer, target) is not None


@pytest.mark.parametrize(
    ("importer", "target"),
    [
        ("engine.decide", "language.program"),
        ("services.states.api", "engine.decide"),
        ("services.sqs.api", "runtime.ledger"),
        ("gateway.edge", "services.api.Call"),
        ("cli.start", "server.serve"),
        ("cli.check.review", "language.review"),
        ("stores.sqlite", "runtime.ports"),
        ("language.parse", "values.JsonValue"),
    ],
)
def test_the_check_lets_a_drawn_arrow_pass(importer: str, target: str) -> None:
    """Each drawn arrow is allowed."""
    assert verdict(importer, target) is None
