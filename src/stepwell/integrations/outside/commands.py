"""`ecs:runTask` and `batch:submitJob` as commands of this machine.

The command runs without a shell, in a process group of its own, with the environment that the task
overrides. With `.sync` the task ends with the process; after a crash the command is run again.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping

from stepwell.integrations.outside.jobs import look
from stepwell.runtime.ports import Answered, Refused, ServiceCall
from stepwell.values import JsonObject, JsonValue, encode_text

OUTPUT_BYTES_MAX = 64 * 1024
"""How much of what a command prints is kept for the cause of a failure."""
_NAMES = {"ecs:runTask": "TaskDefinition", "batch:submitJob": "JobDefinition"}
_SECRETS = frozenset({"STEPWELL_SECRET_ACCESS_KEY", "STEPWELL_SMTP", "STEPWELL_STORE"})
"""Settings of the server's own that hold keys or passwords: no task needs them."""

Commands = Mapping[str, Mapping[str, tuple[str, ...]]]


class LocalCommands:
    """Runs the commands that are configured."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._running: dict[tuple[int, int], asyncio.Task[tuple[int, bytes]]] = {}

    def runs(self, resource: str) -> bool:
        """Whether commands are configured for a resource (`ecs:runTask`)."""
        return resource in self._commands

    def start(self, call: ServiceCall) -> Answered | Refused:
        """The answer of the call itself. The process is begun by `follow` or `begin`."""
        resource = f"{call.resource.service}:{call.resource.action}"
        command = self._command(call)
        if command is None:
            name = _definition(call)
            known = ", ".join(sorted(self._commands[resource])) or "none"
            error = "ECS.ClientException" if resource == "ecs:runTask" else "Batch.ClientException"
            return Refused(error, f"No command is configured for {name!r}; there are: {known}")
        return Answered(_submitted(call))

    def begin(self, call: ServiceCall) -> None:
        """Run a command nobody waits for."""
        self._process(call)

    async def follow(self, call: ServiceCall) -> Answered | Refused:
        """What the task gets at the end of its process."""
        task = self._process(call)
        try:
            code, output = await asyncio.shield(task)
        except OSError as error:
            return Refused("States.TaskFailed", f"The command could not be run: {error}")
        except asyncio.CancelledError:
            if not task.cancelled():
                raise
            return Refused("States.TaskFailed", "The command was stopped.")
        ended = _ended(call, code, output)
        return Answered(ended) if code == 0 else Refused("States.TaskFailed", encode_text(ended))

    def stop(self, call: ServiceCall) -> None:
        """End the process of a call, if it runs."""
        task = self._running.get((call.execution, call.event))
        if task is not None:
            task.cancel()

    async def close(self) -> None:
        """End every process."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _process(self, call: ServiceCall) -> asyncio.Task[tuple[int, bytes]]:
        key = (call.execution, call.event)
        task = self._running.get(key)
        if task is None:
            command = self._command(call)
            assert command is not None
            task = asyncio.ensure_future(_run(command, _environment(call)))
            self._running[key] = task
            task.add_done_callback(lambda done: self._over(key, done))
        return task

    def _over(self, key: tuple[int, int], task: asyncio.Task[tuple[int, bytes]]) -> None:
        self._running.pop(key, None)
        if not task.cancelled():
            task.exception()

    def _command(self, call: ServiceCall) -> tuple[str, ...] | None:
        table = self._commands[f"{call.resource.service}:{call.resource.action}"]
        found = table.get(_definition(call))
        override = _override(call).get("Command")
        if found is None or not isinstance(override, list):
            return found
        return (*found, *(str(part) for part in override))


def _definition(call: ServiceCall) -> str:
    """The name of a task or job definition, without ARN and revision."""
    name = _NAMES[f"{call.resource.service}:{call.resource.action}"]
    given = str(look(call.parameters, (name,)) or "")
    given = given.rpartition("/")[2]
    return given.partition(":")[0]


def _override(call: ServiceCall) -> JsonObject:
    for path in (("Overrides", "ContainerOverrides", 0), ("ContainerOverrides",)):
        found = look(call.parameters, path)
        if isinstance(found, dict):
            return found
    return {}


def own_environment() -> dict[str, str]:
    """What commands have of the server's environment."""
    return {name: value for name, value in os.environ.items() if name not in _SECRETS}


def _environment(call: ServiceCall) -> dict[str, str]:
    environment = own_environment()
    entries = _override(call).get("Environment")
    for entry in entries if isinstance(entries, list) else []:
        name, value = look(entry, ("Name",)), look(entry, ("Value",))
        if isinstance(name, str) and value is not None:
            environment[name] = value if isinstance(value, str) else encode_text(value)
    return environment


async def _run(command: tuple[str, ...], environment: dict[str, str]) -> tuple[int, bytes]:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
        start_new_session=True,
    )
    assert process.stdout is not None
    output = b""
    try:
        while chunk := await process.stdout.read(65_536):
            output = (output + chunk)[-OUTPUT_BYTES_MAX:]
        return await process.wait(), output
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def _arn(call: ServiceCall) -> str:
    place = f"{call.region}:{call.account}"
    if call.resource.service == "ecs":
        return f"arn:aws:ecs:{place}:task/default/{call.request_id.replace('-', '')}"
    return f"arn:aws:batch:{place}:job/{call.request_id}"


def _submitted(call: ServiceCall) -> JsonObject:
    if call.resource.service == "ecs":
        task: JsonObject = {"TaskArn": _arn(call), "LastStatus": "PROVISIONING"}
        return {"Failures": [], "Tasks": [task]}
    name = look(call.parameters, ("JobName",))
    return {"JobArn": _arn(call), "JobId": call.request_id, "JobName": name}


def _ended(call: ServiceCall, code: int, output: bytes) -> JsonObject:
    text: JsonValue = output.decode(errors="replace")[-8_000:]
    if call.resource.service == "ecs":
        container: JsonObject = {"ExitCode": code, "LastStatus": "STOPPED", "Reason": text}
        return {
            "TaskArn": _arn(call),
            "LastStatus": "STOPPED",
            "StopCode": "EssentialContainerExited",
            "Containers": [container],
        }
    return {
        "JobArn": _arn(call),
        "JobId": call.request_id,
        "JobName": look(call.parameters, ("JobName",)),
        "Status": "SUCCEEDED" if code == 0 else "FAILED",
        "Container": {"ExitCode": code, "Reason": text},
    }
