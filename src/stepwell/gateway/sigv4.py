"""Signature Version 4: is this request signed by someone who knows the secret?

Both forms are checked: the Authorization header and the presigned address. Refusals carry the
codes and texts that AWS gives, so that SDKs explain them, and clock trouble says both times.
The body's hash is always taken from the body that came, never from a header.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from stepwell.errors import ServiceError
from stepwell.gateway.canonical import (
    CONTENT_HASH,
    SignedRequest,
    canonical_request,
    joined_headers,
    query_pairs,
)
from stepwell.gateway.content_signatures import Seed, check_content
from stepwell.gateway.settings import CLOCK_SKEW_SECONDS
from stepwell.gateway.sigv2 import check_signature, is_signed_so
from stepwell.gateway.temporary import TemporaryKeys

ALGORITHM = "AWS4-HMAC-SHA256"
PRESIGNED_SECONDS_MAX = 7 * 24 * 3600
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class _Claim:
    """What the caller says about the signature."""

    access_key: str
    scope: str
    date: str
    region: str
    service: str
    signed_headers: str
    signature: str
    stamp: str
    token: str
    expires_seconds: int | None
    """Set on presigned addresses."""


class Verifier:
    """Checks signatures against configured credentials and temporary ones of our own."""

    def __init__(
        self,
        credentials: Mapping[str, str],
        temporary: TemporaryKeys | None,
        now: Callable[[], int],
    ) -> None:
        self._credentials = credentials
        self._temporary = temporary
        self._now = now

    def verify(self, request: SignedRequest, service: str) -> tuple[str, str]:
        """The access key and region of a request that is signed well for that service.

        Raises ServiceError. Who calls must be read from this answer and nowhere else.
        """
        headers = joined_headers(request.headers)
        pairs = query_pairs(request.query)
        if request.resource is not None and is_signed_so(request.query):
            return self._verify_older(request, headers, pairs)
        claim = _claim(headers, pairs)
        now = self._now() // 1000
        secret = self._secret(claim.access_key, claim.token, now)
        _check_scope(claim, service)
        _check_time(claim, now)
        canonical = canonical_request(request, claim.signed_headers, headers, pairs)
        digest = hashlib.sha256(canonical.encode("latin-1")).hexdigest()
        to_sign = f"{ALGORITHM}\n{claim.stamp}\n{claim.scope}\n{digest}"
        key = signing_key(secret, claim.date, claim.region, claim.service)
        wanted = hmac.digest(key, to_sign.encode(), "sha256").hex()
        if not hmac.compare_digest(wanted.encode(), claim.signature.encode()):
            raise _invalid(_MISMATCH.format(canonical=canonical, to_sign=to_sign))
        if request.resource is not None:
            seed = Seed(key, claim.stamp, claim.scope, claim.signature)
            check_content(headers.get(CONTENT_HASH), request.body, seed)
        return claim.access_key, claim.region

    def _verify_older(
        self, request: SignedRequest, headers: Mapping[str, str], pairs: list[tuple[str, str]]
    ) -> tuple[str, str]:
        """A presigned address of the older kind; it names no region."""
        parameters = {
            unquote_to_bytes(name).decode("latin-1"): unquote_to_bytes(value).decode("latin-1")
            for name, value in pairs
        }
        access_key = parameters.get("AWSAccessKeyId", "")
        token = parameters.get("x-amz-security-token", "")
        secret = self._secret(access_key, token, self._now() // 1000)
        assert request.resource is not None
        check_signature(request.method, request.resource, headers, parameters, secret)
        return access_key, ""

    def _secret(self, access_key: str, token: str, now: int) -> str:
        secret = self._credentials.get(access_key)
        if secret is not None:
            return secret
        if self._temporary is not None and token:
            end = self._temporary.expires_at(access_key, token)
            if end is not None and end <= now:
                text = "The security token included in the request is expired"
                raise ServiceError("ExpiredTokenException", text)
            if end is not None:
                return self._temporary.secret_of(access_key)
        text = "The security token included in the request is invalid."
        raise ServiceError("UnrecognizedClientException", text)


@lru_cache(maxsize=256)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key of one day, region and service."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. "
    "Consult the service documentation for details.\n\n"
    "The Canonical String for this request should have been\n'{canonical}'\n\n"
    "The String-to-Sign should have been\n'{to_sign}'\n"
)


def _invalid(text: str) -> ServiceError:
    return ServiceError("InvalidSignatureException", text)


def _incomplete(text: str) -> ServiceError:
    return ServiceError("IncompleteSignatureException", text)


# What the caller claims


def _claim(headers: Mapping[str, str], pairs: list[tuple[str, str]]) -> _Claim:
    authorization = headers.get("authorization")
    if authorization is not None:
        return _header_claim(authorization, headers)
    parameters = {unquote_to_bytes(n).decode("latin-1"): v for n, v in pairs}
    if "X-Amz-Algorithm" in parameters or "X-Amz-Signature" in parameters:
        return _query_claim(
            {n: unquote_to_bytes(v).decode("utf-8", "replace") for n, v in parameters.items()}
        )
    raise ServiceError("MissingAuthenticationTokenException", "Missing Authentication Token")


def _header_claim(authorization: str, headers: Mapping[str, str]) -> _Claim:
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise _incomplete(f"Unsupported AWS 'algorithm': '{algorithm[:40]}'.")
    fields: dict[str, str] = {}
    for part in rest.split(","):
        name, _, value = part.strip().partition("=")
        fields[name] = value
    missing = [n for n in ("Credential", "Signature", "SignedHeaders") if not fields.get(n)]
    stamp = headers.get("x-amz-date") or _stamp_of_date(headers.get("date"))
    problems = [f"Authorization header requires '{name}' parameter." for name in missing]
    if not stamp:
        problems.append(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
    if problems:
        raise _incomplete(f"{' '.join(problems)} Authorization={ALGORITHM}")
    token = headers.get("x-amz-security-token", "")
    signed, signature = fields["SignedHeaders"], fields["Signature"]
    return _scoped(fields["Credential"], signed, signature, stamp, token, None)


def _query_claim(parameters: Mapping[str, str]) -> _Claim:
    names = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
    missing = [f"X-Amz-{name}" for name in names if not parameters.get(f"X-Amz-{name}")]
    if missing:
        raise _incomplete(f"AWS query-string parameters must include {', '.join(missing)}.")
    if parameters["X-Amz-Algorithm"] != ALGORITHM:
        raise _incomplete(f"Unsupported AWS 'algorithm': '{parameters['X-Amz-Algorithm'][:40]}'.")
    expires = parameters["X-Amz-Expires"]
    if not re.fullmatch(r"[0-9]{1,9}", expires):
        raise _incomplete("X-Amz-Expires should be a number")
    if int(expires) > PRESIGNED_SECONDS_MAX:
        raise _incomplete("X-Amz-Expires must be less than a week (in seconds); that is 604800")
    return _scoped(
        parameters["X-Amz-Credential"],
        parameters["X-Amz-SignedHeaders"],
        parameters["X-Amz-Signature"],
        parameters["X-Amz-Date"],
        parameters.get("X-Amz-Security-Token", ""),
        int(expires),
    )


def _scoped(
    credential: str, signed: str, signature: str, stamp: str, token: str, expires: int | None
) -> _Claim:
    parts = credential.rsplit("/", 4)
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise _incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. "
            f"keyid/date/region/service/term, got '{credential[:200]}'"
        )
    access_key, date, region, service, term = parts
    scope = f"{date}/{region}/{service}/{term}"
    return _Claim(
        access_key, scope, date, region, service, signed, signature, stamp, token, expires
    )


def _stamp_of_date(text: str | None) -> str:
    """The basic ISO form of a Date header; empty when there is none that can be read."""
    if text is None:
        return ""
    try:
        return datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").strftime(_STAMP)
    except ValueError:
        return ""


def _check_scope(claim: _Claim, service: str) -> None:
    if claim.service != service:
        raise _invalid(f"Credential should be scoped to correct service: '{service}'. ")
    if claim.date != claim.stamp[:8]:
        raise _invalid(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
            f"HTTP: '{claim.date}' != '{claim.stamp[:8]}', from '{claim.stamp}'."
        )
    if "host" not in claim.signed_headers.split(";"):
        raise _invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")


def _check_time(claim: _Claim, now: int) -> None:
    signed_at = _seconds(claim.stamp)
    if signed_at is None:
        text = "Date must be in ISO-8601 'basic format'. Got "
        raise _incomplete(f"{text}'{claim.stamp[:40]}'.")
    skew = CLOCK_SKEW_SECONDS
    if claim.expires_seconds is not None:
        if now > signed_at + claim.expires_seconds:
            raise _expired(claim, now, f"{claim.expires_seconds} sec.", claim.expires_seconds)
    elif now > signed_at + skew:
        raise _expired(claim, now, f"{skew // 60} min.", skew)
    if signed_at > now + skew:
        raise _invalid(
            f"Signature not yet current: {claim.stamp} is still later than {_stamp(now + skew)} "
            f"({_stamp(now)} + {skew // 60} min.)"
        )


def _expired(claim: _Claim, now: int, allowance: str, seconds: int) -> ServiceError:
    return _invalid(
        f"Signature expired: {claim.stamp} is now earlier than {_stamp(now - seconds)} "
        f"({_stamp(now)} - {allowance})"
    )


@lru_cache(maxsize=64)
def _seconds(stamp: str) -> int | None:
    """Epoch seconds of a stamp; None when it is none."""
    try:
        return int(datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None


def _stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(_STAMP)
