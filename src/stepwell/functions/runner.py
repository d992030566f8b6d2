"""Lambda's runner: functions in processes of this machine, kept warm.

    runner = ProcessRunner(clock, alarm, ids, endpoint=..., scratch=..., log=...)
    outcome = await runner.invoke(spec, invocation)

`refuse` says what cannot run here; `forget` and `close` let processes go. Nothing here blocks the
loop, and no function outlives the server: see `keeper`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from stepwell.errors import ServiceError
from stepwell.functions.environment import Place
from stepwell.functions.keeper import Keeper
from stepwell.functions.pool import NotReady, Pool, Taken
from stepwell.functions.ports import INIT_SECONDS, PROCESSES_MAX, Alarm, Clock, Ids
from stepwell.functions.runtimes import Runtimes
from stepwell.functions.watch import stamp_of
from stepwell.functions.worker import Worker, WorkerParts
from stepwell.services.lambda_.ports import FunctionSpec, Invocation, Log, Outcome

Credentials = Callable[[str], Mapping[str, str]]
"""account -> AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN"""


def account_credentials(account: str) -> Mapping[str, str]:
    """Keys that name the account; enough where the server asks for none."""
    return {
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "stepwell",
        "AWS_SESSION_TOKEN": "stepwell",
    }


def default_cache() -> Path:
    """Where fetched packages stay."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "stepwell"


class ProcessRunner:
    """Runs functions; Lambda's port `Runner`."""

    def __init__(
        self,
        clock: Clock,
        alarm: Alarm,
        ids: Ids,
        *,
        endpoint: Callable[[], str],
        scratch: Path,
        log: Log,
        credentials: Credentials = account_credentials,
        cache: Path | None = None,
        processes_max: int = PROCESSES_MAX,
    ) -> None:
        self._clock = clock
        self._ids = ids
        self._endpoint = endpoint
        self._credentials = credentials
        self._scratch = scratch
        self._runtimes = Runtimes(scratch, cache or default_cache())
        self._parts = WorkerParts(clock, alarm, Keeper(), log)
        starts_max = max(2, os.cpu_count() or 1)
        self._pool = Pool(
            clock, alarm, self._start, processes_max=processes_max, starts_max=starts_max
        )
        self._tidying: set[asyncio.Task[None]] = set()
        self._swept: asyncio.Task[None] | None = None

    async def invoke(self, spec: FunctionSpec, invocation: Invocation) -> Outcome:
        """Run it in a free process, or in a new one. Raises ServiceError."""
        trouble = self.refuse(spec.runtime)
        if trouble is not None:
            raise ServiceError("InvalidRuntimeException", trouble, status=502)
        stamp = await asyncio.to_thread(stamp_of, str(spec.code)) if spec.watched else 0
        taken = await self._pool.take(spec, stamp)
        if isinstance(taken, NotReady):
            return taken.worker.fail_invocation(invocation, taken.trouble)
        try:
            return await taken.invoke(invocation)
        finally:
            self._pool.give_back(taken)

    def refuse(self, runtime: str) -> str | None:
        """Why functions of that runtime cannot run on this machine, or None when they can."""
        return self._runtimes.refuse(runtime)

    async def forget(self, key: str) -> None:
        """Let the processes of that key go, once they have answered."""
        self._pool.forget(key)

    async def close(self) -> None:
        """End every process."""
        await self._pool.close()
        await self._parts.keeper.close()
        await asyncio.gather(*self._tidying)

    async def _start(self, spec: FunctionSpec) -> Taken:
        """A process that is ready; where the beginning takes too long, a second one that may take
        the function's whole time, as on AWS."""
        stamp = await asyncio.to_thread(stamp_of, str(spec.code)) if spec.watched else 0
        taken = await self._start_once(spec, stamp, INIT_SECONDS)
        if isinstance(taken, NotReady) and taken.trouble.status == "timeout":
            taken = await self._start_once(spec, stamp, spec.timeout_seconds)
        return taken

    async def _start_once(self, spec: FunctionSpec, stamp: int, seconds: int) -> Taken:
        day = time.strftime("%Y/%m/%d", time.gmtime(self._clock.now() / 1000))
        name = self._ids.secret(16).hex()
        temporary = self._scratch / "tmp" / name
        await self._sweep()
        await asyncio.to_thread(temporary.mkdir, parents=True)
        place = Place(
            f"{day}/[{spec.version}]{name}",
            temporary,
            self._endpoint(),
            self._credentials(spec.account),
        )
        worker = Worker(self._parts, spec, place.stream, lambda gone: self._ended(gone, temporary))
        worker.stamp = stamp
        try:
            launch = await self._runtimes.launch(spec, place)
        except BaseException:
            self._ended(worker, temporary)
            raise
        self._pool.workers.add(worker)
        try:
            trouble = await worker.start(launch, seconds)
        except OSError as error:
            self._ended(worker, temporary)
            message = f"The function's process could not be started: {error}"
            raise ServiceError("InvalidRuntimeException", message, status=502) from error
        return worker if trouble is None else NotReady(worker, trouble)

    async def _sweep(self) -> None:
        """Before the first process: away with what a server that was killed has left."""
        if self._swept is None:
            self._swept = asyncio.ensure_future(asyncio.to_thread(_remove_all, self._scratch))
        await asyncio.shield(self._swept)

    def _ended(self, worker: Worker, temporary: Path) -> None:
        """A process is gone: its folder goes too."""
        self._pool.ended(worker)
        task = asyncio.ensure_future(asyncio.to_thread(_remove, temporary))
        self._tidying.add(task)
        task.add_done_callback(self._tidying.discard)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _remove_all(scratch: Path) -> None:
    for name in ("tmp", "pycache"):
        _remove(scratch / name)
