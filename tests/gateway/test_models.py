"""The trimmed models are what botocore gives, and everything in them compiles."""

from __future__ import annotations

import importlib.util
from itertools import product
from pathlib import Path
from types import ModuleType

import pytest

from stepwell.gateway.protocols.json import JsonProtocol
from stepwell.gateway.protocols.port import WireProtocol
from stepwell.gateway.protocols.query import QueryProtocol
from stepwell.gateway.protocols.rest_json import RestJsonProtocol
from stepwell.gateway.protocols.rest_xml import RestXmlProtocol
from stepwell.models import service_model as models

TOOL = Path(__file__).parents[2] / "tools/trim_models.py"


def trim_tool() -> ModuleType:
    """The trimming tool as a module."""
    spec = importlib.util.spec_from_file_location("trim_models", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", models.known_services())
def test_nothing_that_botocore_has_is_missing(name: str) -> None:
    """Trimming the installed botocore again gives no operation, shape or member that we lack."""
    fresh, ours = trim_tool().trimmed(name), models.load(name)
    assert set(fresh["operations"]) <= set(ours.operations)
    assert set(fresh["shapes"]) <= set(ours.shapes)
    for shape, raw in fresh["shapes"].items():
        assert set(raw.get("members", ())) <= set(ours.shapes[shape].members)
        assert set(raw.get("required", ())) == set(ours.shapes[shape].required)


def test_every_service_of_the_tool_is_packaged() -> None:
    """The tool and the package agree on which services there are."""
    assert sorted(trim_tool().SERVICES) == list(models.known_services())


@pytest.mark.parametrize("name", models.known_services())
def test_no_prose_is_packaged(name: str) -> None:
    """Documentation is stripped at every depth."""
    path = Path(models.__file__).parent / "data" / f"{name}.json"
    assert '"documentation"' not in path.read_text(encoding="utf-8")


PROTOCOLS: dict[str, tuple[WireProtocol, ...]] = {
    "json": (JsonProtocol("1.0"),),
    "query": (QueryProtocol(),),
    "rest-json": (RestJsonProtocol(),),
    "rest-xml": (RestXmlProtocol(),),
}
OPERATIONS_MAX = 40
"""Per service: compiling everything takes minutes and meets the same shapes again and again."""


@pytest.mark.parametrize("name", models.known_services())
def test_every_operation_compiles(name: str) -> None:
    """Readers, writers and patterns of operations in every service can be made."""
    model = models.load(name)
    step = -(-len(model.operations) // OPERATIONS_MAX)
    protocols = PROTOCOLS[model.protocol]
    if model.protocol == "json" and model.speaks_query:
        protocols = (*protocols, QueryProtocol())
    for operation, protocol in product(list(model.operations.values())[::step], protocols):
        assert callable(protocol.reader(model, operation, constraints=True))
        assert callable(protocol.writer(model, operation))


def test_an_unknown_model_is_a_lookup_error() -> None:
    """Asking for a service without a model says so."""
    with pytest.raises(LookupError, match="no service model 'nothing'"):
        models.load("nothing")
