"""Functions, versions, aliases and layers, and what a process gets of them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.services.lambda_.records import CODE, TABLES
from stepwell.testing.functions import zip_of
from tests.services.lambda_.world import ROLE, World, arn_of

TWO = zip_of({"handler.py": "def handler(event, context):\n    return 2\n"})


async def _refused(world: World, operation: str, **params: Any) -> ServiceError:
    with pytest.raises(ServiceError) as refused:
        await world.simulation.call(operation, **params)
    return refused.value


def test_a_process_gets_code_layers_and_settings() -> None:
    """A process gets code layers and settings."""

    async def play(world: World) -> None:
        layer = await world.call(
            "PublishLayerVersion",
            LayerName="shared",
            Content={"ZipFile": zip_of({"python/shared.py": "x = 1\n"})},
        )
        await world.function(
            "work",
            Timeout=7,
            MemorySize=256,
            Layers=[layer["LayerVersionArn"]],
            Environment={"Variables": {"A": "1"}},
        )
        await world.call("Invoke", FunctionName="work")
        ((spec, invocation),) = world.runner.calls
        assert (spec.timeout_seconds, spec.memory_mb) == (7, 256)
        assert (spec.environment, spec.version) == ({"A": "1"}, "$LATEST")
        assert (spec.code / "handler.py").is_file()
        assert (spec.layers[0] / "python/shared.py").read_text() == "x = 1\n"
        assert (invocation.payload, invocation.invoked_arn) == (b"{}", arn_of("work"))

    World().run(play)


def test_a_change_of_code_or_settings_is_another_key_and_lets_old_processes_go() -> None:
    """A change of code or settings is another key and lets old processes go."""

    async def play(world: World) -> None:
        await world.function("work")
        await world.call("Invoke", FunctionName="work")
        await world.call("UpdateFunctionCode", FunctionName="work", ZipFile=TWO)
        await world.call("Invoke", FunctionName="work")
        await world.call("UpdateFunctionConfiguration", FunctionName="work", Timeout=9)
        await world.call("Invoke", FunctionName="work")
        keys = [spec.key for spec, _ in world.runner.calls]
        assert len(set(keys)) == 3
        assert world.runner.forgotten == keys[:2]
        assert (world.runner.calls[1][0].code / "handler.py").read_text().endswith("return 2\n")

    World().run(play)


def test_a_folder_of_this_machine_is_run_where_it_is(tmp_path: Path) -> None:
    """A folder of this machine is run where it is."""

    async def play(world: World) -> None:
        place = {"S3Bucket": "hot-reload", "S3Key": str(tmp_path)}
        await world.function("work", Code=place)
        await world.call("Invoke", FunctionName="work")
        ((spec, _),) = world.runner.calls
        assert (spec.code, spec.watched) == (tmp_path, True)
        error = await _refused(
            world,
            "UpdateFunctionCode",
            FunctionName="work",
            S3Bucket="hot-reload",
            S3Key="relative",
        )
        assert "absolute path" in error.message

    World().run(play)


def test_versions_and_aliases_run_what_they_stand_for() -> None:
    """Versions and aliases run what they stand for."""

    async def play(world: World) -> None:
        await world.function("work", Publish=True)
        await world.call("UpdateFunctionCode", FunctionName="work", ZipFile=TWO, Publish=True)
        await world.call("CreateAlias", FunctionName="work", Name="live", FunctionVersion="1")
        answer = await world.call("Invoke", FunctionName="work:live")
        assert answer["ExecutedVersion"] == "1"
        assert world.runner.calls[-1][1].invoked_arn == f"{arn_of('work')}:live"
        await world.call(
            "UpdateAlias",
            FunctionName="work",
            Name="live",
            RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}},
        )
        ran = {
            (await world.call("Invoke", FunctionName="work", Qualifier="live"))["ExecutedVersion"]
            for _ in range(40)
        }
        assert ran == {"1", "2"}
        error = await _refused(world, "DeleteFunction", FunctionName="work", Qualifier="1")
        assert error.code == "ResourceConflictException"

    World().run(play)


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        ({"FunctionName": "none"}, "ResourceNotFoundException", arn_of("none")),
        ({"FunctionName": "work:5"}, "ResourceNotFoundException", f"{arn_of('work')}:5"),
        ({"Payload": b"{"}, "InvalidRequestContentException", "Could not parse request body"),
        ({"Payload": b"1" * 6_291_457}, "RequestTooLargeException", "6291456 bytes"),
        (
            {"Payload": b"1" * 1_048_577, "InvocationType": "Event"},
            "RequestTooLargeException",
            "1048576 bytes",
        ),
        (
            {"FunctionName": "work:1", "Qualifier": "2"},
            "InvalidParameterValueException",
            "does not match the specified qualifier",
        ),
    ],
    ids=["function", "version", "json", "size", "event size", "qualifiers"],
)
def test_an_invocation_that_cannot_be_is_refused(
    given: dict[str, Any], code: str, text: str
) -> None:
    """An invocation that cannot be is refused."""

    async def play(world: World) -> None:
        await world.function("work")
        error = await _refused(world, "Invoke", **({"FunctionName": "work"} | given))
        assert error.code == code
        assert text in error.message
        assert world.runner.calls == []

    World().run(play)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"PackageType": "Image", "Code": {"ImageUri": "x"}}, "container image"),
        ({"Handler": None}, "Runtime and Handler are mandatory"),
        ({"MemorySize": 127}, "greater than or equal to 128"),
        ({"FileSystemConfigs": [{}]}, "FileSystemConfigs is not supported"),
        ({"Environment": {"Variables": {"A": "x" * 5_000}}}, "exceeded the 4KB limit"),
        ({"DeadLetterConfig": {"TargetArn": "arn:aws:s3:::x"}}, "dead letter queue"),
        ({"Code": {}}, "Please provide a source"),
    ],
    ids=["image", "handler", "memory", "files", "environment", "dead letter", "code"],
)
def test_a_function_that_cannot_be_is_refused(given: dict[str, Any], text: str) -> None:
    """A function that cannot be is refused."""

    async def play(world: World) -> None:
        whole: dict[str, Any] = {
            "FunctionName": "work",
            "Runtime": "python3.12",
            "Handler": "handler.handler",
            "Role": ROLE,
            "Code": {"ZipFile": TWO},
        }
        error = await _refused(world, "CreateFunction", **(whole | given))
        assert text in error.message

    World().run(play)


def test_an_older_revision_is_not_changed() -> None:
    """An older revision is not changed."""

    async def play(world: World) -> None:
        first = (await world.function("work"))["RevisionId"]
        await world.call("UpdateFunctionConfiguration", FunctionName="work", Timeout=5)
        error = await _refused(
            world,
            "UpdateFunctionConfiguration",
            FunctionName="work",
            Timeout=6,
            RevisionId=first,
        )
        assert (error.code, error.status) == ("PreconditionFailedException", 412)

    World().run(play)


def test_nothing_of_a_deleted_function_is_left() -> None:
    """Nothing of a deleted function is left."""

    async def play(world: World) -> None:
        await world.function("work", Publish=True)
        await world.call("UpdateFunctionCode", FunctionName="work", ZipFile=TWO)
        await world.call("CreateAlias", FunctionName="work", Name="live", FunctionVersion="1")
        await world.call("CreateFunctionUrlConfig", FunctionName="work", AuthType="NONE")
        store = world.simulation.core.store
        assert len(await store.scan(CODE, limit=10)) == 2
        await world.call("DeleteFunction", FunctionName="work")
        for table in TABLES:
            assert await store.scan(table, limit=10) == [], table.name

    World().run(play)


def test_room_is_taken_by_calls_that_begin_together() -> None:
    """Room is taken by calls that begin together."""
    world = World()

    async def slow(event: Any) -> Any:
        await world.sleep(1)

    async def play(world: World) -> None:
        await world.function("work")
        await world.call(
            "PutFunctionConcurrency", FunctionName="work", ReservedConcurrentExecutions=2
        )
        answers = await asyncio.gather(
            *[world.simulation.call("Invoke", FunctionName="work") for _ in range(5)],
            return_exceptions=True,
        )
        refused = [answer for answer in answers if isinstance(answer, ServiceError)]
        assert [error.code for error in refused] == ["TooManyRequestsException"] * 3

    world.runner.handlers["work"] = slow
    world.run(play)


def test_what_belongs_to_a_version_goes_with_it() -> None:
    """Provisioned concurrency of a version is gone with it."""

    async def play(world: World) -> None:
        await world.function("work", Publish=True)
        on = {"FunctionName": "work", "Qualifier": "1"}
        await world.call("PutProvisionedConcurrencyConfig", **on, ProvisionedConcurrentExecutions=1)
        await world.call("DeleteFunction", **on)
        shown = await world.call("ListProvisionedConcurrencyConfigs", FunctionName="work")
        assert shown["ProvisionedConcurrencyConfigs"] == []

    World().run(play)
