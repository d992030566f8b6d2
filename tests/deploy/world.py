"""A whole server in memory, and resources made in it by their types, as a stack makes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stepwell.core import Core
from stepwell.deploy.catalog import find_type
from stepwell.deploy.resource_type import Existing, Wanted
from stepwell.engine.limits import Limits
from stepwell.integrations.api_calls import AccountCalls
from stepwell.stores.memory import MemoryStore
from stepwell.stores.migrations.declared import declared_tables
from stepwell.testing.functions import FakeRunner
from stepwell.testing.virtual import SeededIds, VirtualClock

ACCOUNT = "000000000000"
REGION = "eu-west-1"
STACK_ID = (
    f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/shop/5f0a2c10-0000-11f0-8000-0123456789ab"
)


class Deployed:
    """A server and the calls of one account."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.store = MemoryStore(declared_tables())
        self.runner = FakeRunner()
        self.core = Core(
            self.store,
            clock=self.clock,
            ids=SeededIds(),
            alarm=self.clock,
            limits=Limits(),
            runner=self.runner,
        )
        self.cloud: AccountCalls = self.core.calls.at(ACCOUNT, REGION)

    async def start(self) -> None:
        """Load the services."""
        await self.store.open()
        await self.core.load()

    async def stop(self) -> None:
        """End everything."""
        await self.core.close()
        await self.store.close()

    def wanted(self, properties: dict[str, Any], logical_id: str = "Thing", **other: Any) -> Wanted:
        """A resource of the stack `shop`."""
        return replace(Wanted("shop", STACK_ID, logical_id, properties, "ABCDEF123456"), **other)

    async def make(
        self, type_name: str, properties: dict[str, Any], logical_id: str = "Thing", **other: Any
    ) -> Existing:
        """Create a resource as a stack does. Raises ServiceError as the type does."""
        known = find_type(type_name)
        assert known is not None, type_name
        strange = [name for name in properties if not known.knows(name)]
        assert not strange, f"{type_name} does not know {strange}"
        made = await known.create(self.cloud, self.wanted(properties, logical_id, **other))
        strange = [name for name in made.attributes if not known.has_attribute(name)]
        assert not strange, f"{type_name} does not list the attributes {strange}"
        return Existing("shop", logical_id, made.id, properties, made.attributes)

    async def change(
        self, type_name: str, existing: Existing, properties: dict[str, Any], **other: Any
    ) -> Existing:
        """Update it in place. Asserts that the type would not have it replaced instead."""
        known = find_type(type_name)
        assert known is not None
        assert known.update is not None
        changed = [
            name
            for name in {*properties, *existing.properties}
            if properties.get(name) != existing.properties.get(name)
        ]
        assert not known.replaces.intersection(changed)
        assert known.must_replace is None or not known.must_replace(existing.properties, properties)
        wanted = self.wanted(properties, existing.logical_id, **other)
        made = await known.update(self.cloud, wanted, existing)
        return Existing("shop", existing.logical_id, made.id, properties, made.attributes)

    async def drop(self, type_name: str, existing: Existing) -> None:
        """Delete it."""
        known = find_type(type_name)
        assert known is not None
        await known.delete(self.cloud, existing)

    async def call(self, service: str, operation: str, **params: Any) -> Any:
        """Look at the server as a client would."""
        return await self.cloud.call(service, operation, params)


def reviewed(type_name: str, properties: dict[str, Any]) -> list[str]:
    """What a review says of the properties of such a resource."""
    known = find_type(type_name)
    assert known is not None
    assert known.review is not None
    return known.review(properties)
