"""The stories that depend on the store, told again on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from stepwell.stores.migrations.declared import declared_tables
from stepwell.stores.postgres import PostgresStore
from stepwell.testing.postgres import postgres_server, postgres_url
from tests.services.sqs import (
    test_administration,
    test_basics,
    test_dead_letters,
    test_fifo,
    test_messages,
)
from tests.services.sqs.world import World

__all__ = ["postgres_server", "postgres_url"]

STORIES: list[Callable[[World], Awaitable[None]]] = [
    test_basics.test_everything_survives_a_restart,
    test_fifo.test_a_duplicate_is_answered_like_the_first_and_not_delivered,
    test_fifo.test_order_survives_a_restart,
    test_dead_letters.test_the_receive_that_exceeds_the_count_moves_the_message,
    test_dead_letters.test_a_slow_move_survives_a_restart_and_can_be_cancelled,
    test_administration.test_purge_takes_everything_and_not_twice_a_minute,
    test_administration.test_tags,
    test_messages.test_the_md5_of_attributes_is_that_of_aws,
    test_messages.test_messages_expire,
]


@pytest.mark.parametrize("story", STORIES)
async def test_the_story_holds(
    story: Callable[[World], Awaitable[None]],
    postgres_url: str,
) -> None:
    """Same calls, same answers."""
    world = World(
        open_store=lambda: PostgresStore(postgres_url, declared_tables(), lease_seconds=1)
    )
    await world.start()
    await story(world)
    await world.stop()
