"""What time does to secrets that are to be deleted."""

from __future__ import annotations

import pytest

from stepwell.errors import ServiceError
from stepwell.testing.simulation import Simulation

DAY_MS = 86_400_000


async def test_after_the_window_it_is_gone() -> None:
    """Until then it is there for RestoreSecret; afterwards its name is free, without old values."""

    async def client(simulation: Simulation) -> None:
        made = await simulation.call("CreateSecret", Name="s", SecretString="old")
        await simulation.call("DeleteSecret", SecretId="s", RecoveryWindowInDays=7)
        await simulation.sleep(6 * DAY_MS)
        await simulation.call("RestoreSecret", SecretId=made["ARN"])
        await simulation.call("DeleteSecret", SecretId="s", RecoveryWindowInDays=7)
        await simulation.sleep(7 * DAY_MS)
        with pytest.raises(ServiceError) as refused:
            await simulation.call("RestoreSecret", SecretId="s")
        assert refused.value.code == "ResourceNotFoundException"
        again = await simulation.call("CreateSecret", Name="s")
        assert again["ARN"] != made["ARN"]
        told = await simulation.call("ListSecretVersionIds", SecretId="s", IncludeDeprecated=True)
        assert told["Versions"] == []

    await Simulation(seed=3).run(client)


async def test_a_hundred_versions() -> None:
    """Those without a stage go, the oldest first."""

    async def client(simulation: Simulation) -> None:
        await simulation.call("CreateSecret", Name="s", SecretString="0")
        for number in range(1, 121):
            await simulation.sleep(1)
            await simulation.call("PutSecretValue", SecretId="s", SecretString=str(number))
        told = await simulation.call("ListSecretVersionIds", SecretId="s", IncludeDeprecated=True)
        assert len(told["Versions"]) == 100
        value = await simulation.call("GetSecretValue", SecretId="s", VersionStage="AWSPREVIOUS")
        assert value["SecretString"] == "119"

    await Simulation(seed=3).run(client)
