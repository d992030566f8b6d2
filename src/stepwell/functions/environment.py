"""The environment variables of a function's process: Lambda's, the user's, and the way home.

The user's own win, but for the names that Lambda reserves. Of the server's own environment only
what reaches the network goes through: proxies and certificates.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stepwell.services.lambda_.ports import FunctionSpec

RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)
_PASSED_ON = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
)
_AT_HOME = "localhost,127.0.0.1,::1"


@dataclass(frozen=True, slots=True)
class Place:
    """What belongs to one process alone."""

    stream: str
    """Its log stream."""
    temporary: Path
    endpoint: str
    """The server's base URL."""
    credentials: Mapping[str, str]


def base_environment(spec: FunctionSpec, place: Place, runtime_folder: Path) -> dict[str, str]:
    """What every runtime has; the user's variables are in it."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    if environment:
        environment["NO_PROXY"] = environment["no_proxy"] = _without_proxy()
    environment |= {
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_ENDPOINT_URL": place.endpoint,
        "HOME": str(place.temporary),
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": _path([spec.code, spec.code / "lib", *layer_folders(spec, "lib")]),
        "PATH": _path([*layer_folders(spec, "bin"), os.environ.get("PATH", os.defpath)]),
        "TMPDIR": str(place.temporary),
        "TZ": ":UTC",
    }
    environment |= {name: value for name, value in spec.environment.items() if name not in RESERVED}
    return environment | _reserved(spec, place, runtime_folder)


def _reserved(spec: FunctionSpec, place: Place, runtime_folder: Path) -> dict[str, str]:
    return {
        "_HANDLER": spec.handler,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_REGION": spec.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group or f"/aws/lambda/{spec.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": place.stream,
        "LAMBDA_TASK_ROOT": str(spec.code),
        "LAMBDA_RUNTIME_DIR": str(runtime_folder),
        **place.credentials,
    }


def layer_folders(spec: FunctionSpec, *places: str) -> list[Path]:
    """The folders of that name which the layers have, layer by layer."""
    return [layer / place for layer in spec.layers for place in places if (layer / place).is_dir()]


def join_path(*parts: str | Path | None) -> str:
    """A search path of what there is."""
    return _path([part for part in parts if part])


def _path(parts: list[Path | str]) -> str:
    return os.pathsep.join(str(part) for part in parts)


def _without_proxy() -> str:
    given = os.environ.get("NO_PROXY") or os.environ.get("no_proxy")
    return f"{given},{_AT_HOME}" if given else _AT_HOME
