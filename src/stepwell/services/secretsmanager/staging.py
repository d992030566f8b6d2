"""Versions and their stages: a stage stands on one version, and AWSPREVIOUS follows AWSCURRENT."""

from __future__ import annotations

from typing import Any

from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.secretsmanager.arns import arn_of
from stepwell.services.secretsmanager.errors import exists, invalid_parameter, not_found
from stepwell.services.secretsmanager.records import (
    SecretRow,
    SecretVersionRow,
    place,
    stages_of,
)
from stepwell.services.secretsmanager.secrets import Secrets
from stepwell.values import encode_text

CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"
VERSIONS_MAX = 100
STAGES_MAX = 20


def holder(versions: list[SecretVersionRow], stage: str) -> SecretVersionRow | None:
    """The version that has the stage."""
    return next((version for version in versions if stage in stages_of(version)), None)


def settle(
    versions: list[SecretVersionRow], target: str, stages: list[str]
) -> list[SecretVersionRow]:
    """The versions that change when these stages move to the target."""
    current = holder(versions, CURRENT)
    wanted = {version.version_id: list(stages_of(version)) for version in versions}
    moved = list(stages)
    previous = current.version_id if current is not None else None
    for held in wanted.values():
        held[:] = [stage for stage in held if stage not in moved]
    wanted[target] += moved
    if CURRENT in moved and previous not in (None, target):
        for held in wanted.values():
            held[:] = [stage for stage in held if stage != PREVIOUS]
        wanted[str(previous)].append(PREVIOUS)
    return [
        version._replace(stages=encode_text(wanted[version.version_id]))
        for version in versions
        if wanted[version.version_id] != stages_of(version)
    ]


def check_room(secrets: Secrets, row: SecretRow, stages: list[str]) -> None:
    """Refuse stages beyond the twenty that all versions of a secret may have together.

    Versions with a stage are never removed, so this bounds them too.
    """
    held = {stage for version in secrets.versions_of(row) for stage in stages_of(version)}
    if len(held | set(stages)) > STAGES_MAX:
        raise ServiceError(
            "LimitExceededException",
            "The request failed because it would exceed one of the Secrets Manager quotas.",
        )


def add_version(
    secrets: Secrets,
    turn: Turn,
    row: SecretRow,
    version_id: str,
    value: tuple[str | None, str | None],
    stages: list[str],
) -> None:
    """Put a new version with its stages, and let the oldest one without a stage go."""
    now = secrets.parts.clock.now()
    text, binary = value
    new = SecretVersionRow(place(row), version_id, text, binary, "[]", now, 0)
    versions = [*secrets.versions_of(row), new]
    secrets.versions.put(turn, new)
    for changed in settle(versions, version_id, stages):
        secrets.versions.put(turn, changed)
    left = secrets.versions_of(row)
    surplus = len(left) - VERSIONS_MAX
    for version in [each for each in left if not stages_of(each)][: max(0, surplus)]:
        secrets.versions.delete(turn, version.secret, version.version_id)


def repeated(
    secrets: Secrets, row: SecretRow, version_id: str, value: tuple[str | None, str | None]
) -> bool:
    """Whether that version is there with that value. Raises when it has another one."""
    there = secrets.versions.get(place(row), version_id)
    if there is None:
        return False
    if (there.text, there.binary) == value:
        return True
    raise exists(
        f"You can't use ClientRequestToken {version_id} because that value is already in use for a "
        f"version of secret {arn_of(row)}."
    )


async def update_stage(secrets: Secrets, call: Call, params: Params) -> dict[str, Any]:
    """UpdateSecretVersionStage."""
    row = secrets.find_live(call, params["SecretId"])
    stage = params["VersionStage"]
    taken, given = params.get("RemoveFromVersionId"), params.get("MoveToVersionId")
    versions = secrets.versions_of(row)
    by_id = {version.version_id: version for version in versions}
    for version_id in (taken, given):
        if version_id and version_id not in by_id:
            raise not_found(f"the specified secret value for VersionId: {version_id}")
    held = holder(versions, stage)
    if held is not None and taken != held.version_id and given != held.version_id:
        raise invalid_parameter(
            f"The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently "
            f"attached to version {held.version_id}, so you must explicitly reference that version "
            "in RemoveFromVersionId."
        )
    if taken and (held is None or taken != held.version_id):
        raise invalid_parameter(
            f"Staging label {stage} is not currently attached to version {taken}."
        )
    if not given and stage == CURRENT:
        raise invalid_parameter(
            f"You can only move staging label {CURRENT} to a different secret version. It can't be "
            "completely removed."
        )
    if given:
        check_room(secrets, row, [stage])
        changed = settle(versions, given, [stage])
    elif held is not None:
        left = [each for each in stages_of(held) if each != stage]
        changed = [held._replace(stages=encode_text(left))]
    else:
        changed = []
    now = secrets.parts.clock.now()
    with secrets.parts.ledger.stage() as turn:
        secrets.secrets.put(turn, row._replace(changed_at=now))
        for version in changed:
            secrets.versions.put(turn, version)
    await secrets.parts.ledger.committed()
    return {"ARN": arn_of(row), "Name": row.name}
