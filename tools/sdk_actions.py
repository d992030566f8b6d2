"""Writes the table of `aws-sdk:` actions: the models' operations, and which of them run here.

    python tools/sdk_actions.py            rewrite the package data
    python tools/sdk_actions.py --check    exit 1 when the package data is not what it should be

Per service and action: the names of the parameters as states spell them, a star behind those that
must be there, and whether a service of this server carries the action out.
"""

from __future__ import annotations

import sys
from pathlib import Path

from stepwell.engine.limits import Limits
from stepwell.gateway.temporary import TemporaryKeys
from stepwell.integrations.aws_sdk_names import member_spellings, resource_name
from stepwell.models.service_model import OperationModel, ServiceModel, known_services, load
from stepwell.server import Core
from stepwell.services.ecr import ecr_service
from stepwell.services.sts import sts_service
from stepwell.stores.memory import MemoryDisk, MemoryStore
from stepwell.stores.migrations.declared import declared_tables
from stepwell.testing.virtual import SeededIds, VirtualClock
from stepwell.values import encode_text

TARGET = Path(__file__).parent.parent / "src/stepwell/language/data/sdk_actions.json"

Row = tuple[bool, str]


def offered() -> dict[str, set[str]]:
    """Service -> the operations that this server carries out."""
    clock = VirtualClock()
    store = MemoryStore(declared_tables(), MemoryDisk())
    core = Core(store, clock=clock, ids=SeededIds(), alarm=clock, limits=Limits())
    sts = sts_service(issue=TemporaryKeys(b"", SeededIds().secret).issue, now=clock.now)
    services = (*core.services(), sts, ecr_service())
    return {service.name: set(service.operations) for service in services}


def table() -> dict[str, dict[str, Row]]:
    """Service -> action -> (runs here, parameters), in the order of their names."""
    here = offered()
    result = {}
    for name in known_services():
        model = load(name)
        result[resource_name(model)] = {
            f"{operation.name[:1].lower()}{operation.name[1:]}": (
                operation.name in here.get(name, ()),
                _parameters(model, operation),
            )
            for operation in sorted(model.operations.values(), key=lambda it: it.name)
        }
    return dict(sorted(result.items()))


def text() -> str:
    """The file: a line for each action, so that changes can be read."""
    services = []
    for service, actions in table().items():
        lines = ",\n".join(f"{encode_text(a)}:{encode_text(row)}" for a, row in actions.items())
        services.append(f"{encode_text(service)}:{{\n{lines}\n}}")
    return "{\n" + ",\n".join(services) + "\n}\n"


def _parameters(model: ServiceModel, operation: OperationModel) -> str:
    if operation.input is None:
        return ""
    shape = model.shape(operation.input)
    return " ".join(
        f"{spelt}{'*' if name in shape.required and len(spellings) == 1 else ''}"
        for name in shape.members
        for spellings in (member_spellings(name),)
        for spelt in spellings
    )


def main() -> int:
    """Writes or checks the file."""
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(text(), encoding="utf-8")
        return 0
    if TARGET.read_text(encoding="utf-8") != text():
        print(f"{TARGET.name} is out of date: python tools/sdk_actions.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
