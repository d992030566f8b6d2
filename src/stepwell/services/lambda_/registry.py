"""All functions as they are kept: versions, aliases, layers, mappings, code."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from stepwell.errors import StorageTrouble
from stepwell.services.api import Call
from stepwell.services.lambda_.codes import Codes
from stepwell.services.lambda_.errors import function_not_found, not_found
from stepwell.services.lambda_.limits import Settings
from stepwell.services.lambda_.names import LATEST, Named, function_arn, read_function
from stepwell.services.lambda_.records import (
    ALIAS,
    ATTACHED,
    FUNCTION,
    LAYER,
    LAYER_VERSION,
    MAPPING,
    POSITION,
    VERSION,
    AliasRow,
    AttachedRow,
    FunctionRow,
    LayerRow,
    LayerVersionRow,
    MappingRow,
    PositionRow,
    VersionRow,
)
from stepwell.services.parts import ServiceParts
from stepwell.services.shelf import Shelf, all_ready
from stepwell.values import JsonObject, decode


@dataclass(frozen=True, slots=True)
class Found:
    """A function under a qualifier, and the version that stands for."""

    named: Named
    function: FunctionRow
    version: VersionRow
    alias: AliasRow | None = None

    @property
    def place(self) -> str:
        """`account:region:name`."""
        return self.named.place


class Registry:
    """See the module. Look up when `ready`."""

    def __init__(
        self, parts: ServiceParts, settings: Settings | None, scratch: Path | None
    ) -> None:
        self.parts = parts
        self.settings = settings or Settings()
        store, ledger = parts.store, parts.ledger
        self.functions: Shelf[FunctionRow] = Shelf(FUNCTION, store, ledger)
        self.versions: Shelf[VersionRow] = Shelf(VERSION, store, ledger)
        self.aliases: Shelf[AliasRow] = Shelf(ALIAS, store, ledger)
        self.attached: Shelf[AttachedRow] = Shelf(ATTACHED, store, ledger)
        self.layers: Shelf[LayerRow] = Shelf(LAYER, store, ledger)
        self.layer_versions: Shelf[LayerVersionRow] = Shelf(LAYER_VERSION, store, ledger)
        self.mappings: Shelf[MappingRow] = Shelf(MAPPING, store, ledger)
        self.codes = Codes(parts, scratch)
        self.positions: Shelf[PositionRow] = Shelf(POSITION, store, ledger)
        self._shelves: tuple[Shelf[Any], ...] = (
            self.functions,
            self.versions,
            self.aliases,
            self.attached,
            self.layers,
            self.layer_versions,
            self.mappings,
            self.positions,
        )

    async def ready(self) -> None:
        """Return once memory agrees with the store."""
        await all_ready(*self._shelves)

    def check_ready(self) -> None:
        """The same for whoever cannot wait. Raises StorageTrouble."""
        if not all(shelf.is_ready for shelf in self._shelves):
            raise StorageTrouble("The functions are being read again after a failed commit.")

    def named(self, call: Call, text: str, qualifier: str | None = None) -> Named:
        """What a FunctionName means to the caller."""
        return read_function(text, call.account, call.region, qualifier)

    def function(self, named: Named) -> FunctionRow:
        """The function itself. Raises ServiceError."""
        row = self.functions.get(named.scope, named.name)
        if row is None:
            raise function_not_found(named.arn)
        return row

    def find(self, named: Named) -> Found:
        """The version a name leads to; of an alias, the main one. Raises ServiceError."""
        row = self.function(named)
        qualifier = named.qualifier or LATEST
        alias = self.aliases.get(named.place, qualifier)
        version = self.versions.get(named.place, alias.version if alias else qualifier)
        if version is None:
            raise function_not_found(named.arn)
        return Found(named, row, version, alias)

    def versions_of(self, place: str) -> list[VersionRow]:
        """`$LATEST`, then the published ones in order."""
        rows = self.versions.of(place)
        return sorted(rows, key=lambda row: 0 if row.version == LATEST else int(row.version))

    def mapping(self, scope: str, uuid: str) -> MappingRow:
        """An event source mapping. Raises ServiceError."""
        row = self.mappings.get(scope, uuid)
        if row is None:
            raise not_found("The resource you requested does not exist.")
        return row

    def weights(self, alias: AliasRow) -> dict[str, float]:
        """Which further version gets which share of an alias's calls."""
        return cast("dict[str, float]", decode(alias.routing))

    def choose(self, found: Found) -> VersionRow:
        """The version that gets this call: of an alias with weights, sometimes the second one."""
        weights = {} if found.alias is None else self.weights(found.alias)
        for number, weight in weights.items():
            drawn = int.from_bytes(self.parts.ids.secret(6), "big") / 2**48
            other = self.versions.get(found.place, number)
            if other is not None and drawn < weight:
                return other
        return found.version

    def tags(self, row: FunctionRow) -> dict[str, str]:
        """The tags of a function."""
        return cast("dict[str, str]", decode(row.tags))

    def uses_layer(self, arn: str) -> bool:
        """Whether a function has that version of a layer."""
        return any(arn in row.configuration for row in self.versions.everything())

    def code_location(self, base_url: str, row: VersionRow) -> str:
        """Where the zip file of a version can be fetched."""
        members = configuration(row)
        if folder := members.get("_folder"):
            return f"file://{folder}"
        return code_url(base_url, row.code, str(members["CodeSha256"]))


CODE_PATH = "/_aws/lambda-code/"


def code_url(base_url: str, code: int, sha256: str) -> str:
    """The URL of a zip file: whoever knows its hash may have it."""
    return f"{base_url}{CODE_PATH}{code}/{base64.b64decode(sha256).hex()}"


def configuration(row: VersionRow) -> JsonObject:
    """What the row says about a version, also what is not shown."""
    return cast(JsonObject, decode(row.configuration))


def shown(row: VersionRow, qualifier: str | None = None) -> JsonObject:
    """A version as GetFunctionConfiguration shows it, under the qualifier that was asked for."""
    kept = {name: value for name, value in configuration(row).items() if name[0] != "_"}
    arn_of = qualifier if qualifier is not None else None
    if arn_of is None and row.version != LATEST:
        arn_of = row.version
    return {
        "FunctionName": row.function.split(":")[2],
        "FunctionArn": function_arn(row.function, arn_of),
        "Version": row.version,
        **kept,
    }
