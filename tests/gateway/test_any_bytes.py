"""Whatever is sent, the answer is the protocol's document and never our fault."""

from __future__ import annotations

import asyncio
import json
import xml.etree.ElementTree as ElementTree
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from stepwell.gateway.app import create_app
from stepwell.gateway.messages import App, Request, Response
from stepwell.gateway.settings import GatewaySettings
from stepwell.models.service_model import load
from stepwell.services.api import Answer, Call, Params, Service
from tests.gateway.rest import RestApp
from tests.gateway.served import CountedIds, FixedTime, request_of


async def nothing(call: Call, params: Params) -> Answer:
    """Accepts everything."""
    return None


SOME = settings(max_examples=60, deadline=None)
MODELS = ("stepfunctions", "sqs", "sts")
SERVICES = [Service(n, dict.fromkeys(load(n).operations, nothing)) for n in MODELS]
APP = create_app(
    SERVICES,
    settings=GatewaySettings(),
    health=dict,
    clock=FixedTime(),
    ids=CountedIds(),
)
SECURE_APP = create_app(
    SERVICES,
    settings=GatewaySettings(credentials={"key": "secret"}),
    health=dict,
    clock=FixedTime(),
    ids=CountedIds(),
)

JSON_TARGETS = [
    f"{load(name).metadata['targetPrefix']}.{operation}"
    for name in ("stepfunctions", "sqs")
    for operation in load(name).operations
]
MEMBERS = sorted(
    {m for n in ("stepfunctions", "sqs") for s in load(n).shapes.values() for m in s.members}
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(MEMBERS) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
BODIES = JSON_VALUES.map(json.dumps).map(str.encode) | st.binary(max_size=50)
HEADER = st.binary(max_size=60).map(lambda value: value.replace(b"\n", b"").replace(b"\r", b""))


def answer(
    body: bytes,
    headers: list[tuple[bytes, bytes]],
    *,
    app: App = APP,
    method: str = "POST",
    query: bytes = b"",
) -> tuple[int, dict[bytes, bytes], bytes]:
    """Status, headers and body of one request."""
    response = asyncio.run(_answered(app, request_of(method, headers, body, query=query)))
    return response.status, dict(response.headers), response.body


async def _answered(app: App, request: Request) -> Response:
    return await app(request)


@SOME
@given(target=st.sampled_from(JSON_TARGETS), body=BODIES)
def test_any_json_body(target: str, body: bytes) -> None:
    """A JSON operation takes its body or refuses it with a code."""
    status, headers, text = answer(body, [(b"x-amz-target", target.encode())])
    assert headers[b"content-type"] == b"application/x-amz-json-1.0"
    assert status == 200 or (status == 400 and json.loads(text)["__type"])


@SOME
@given(
    target=HEADER, kind=HEADER, encoding=HEADER, authorization=HEADER, body=st.binary(max_size=9)
)
def test_any_headers(
    target: bytes, kind: bytes, encoding: bytes, authorization: bytes, body: bytes
) -> None:
    """Headers of any bytes are answered in JSON."""
    headers = [
        (b"x-amz-target", target),
        (b"content-type", kind),
        (b"content-encoding", encoding),
        (b"authorization", authorization),
    ]
    status, _, text = answer(body, headers)
    assert status < 500
    assert json.loads(text)


NAMES = st.sampled_from(
    [
        "Action",
        "AttributeName.1",
        "Attribute.1.Name",
        "Attribute.1.Value",
        "DelaySeconds",
        "DurationSeconds",
        "QueueUrl",
        "SendMessageBatchRequestEntry.1.Id",
        "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.BinaryValue",
        "Tags.member.1.Key",
        "Version",
        "." * 30,
        "a.b.c.d.e.f.g.h.i.j.k.l.m.n",
    ]
)
ACTIONS = st.sampled_from([*load("sqs").operations, *load("sts").operations, "x"])


@SOME
@given(
    action=ACTIONS, fields=st.dictionaries(NAMES, st.text(max_size=10)), raw=st.binary(max_size=20)
)
def test_any_form(action: str, fields: dict[str, str], raw: bytes) -> None:
    """A form is taken or refused, in XML that can be read."""
    form = urlencode({**fields, "Action": action}, errors="surrogatepass").encode()
    for body in (form, form + b"&" + raw):
        status, _, text = answer(body, [])
        assert status < 500
        assert ElementTree.fromstring(text) is not None


@SOME
@given(
    authorization=st.binary(max_size=30).map(lambda rest: b"AWS4-HMAC-SHA256 " + rest) | HEADER,
    query=st.binary(max_size=60).map(lambda rest: b"X-Amz-Algorithm=AWS4-HMAC-SHA256&" + rest),
    date=HEADER,
    in_header=st.booleans(),
)
def test_any_signature(authorization: bytes, query: bytes, date: bytes, in_header: bool) -> None:
    """A signature of any bytes is refused with a code that says why."""
    headers = [(b"x-amz-target", b"AmazonSQS.ListQueues"), (b"x-amz-date", date)]
    if in_header:
        headers.append((b"authorization", authorization))
    status, _, text = answer(b"{}", headers, app=SECURE_APP, query=b"" if in_header else query)
    assert status in (400, 403)
    assert json.loads(text)["__type"]


REST_APP = RestApp().app
PLACES = st.sampled_from(
    [
        ("GET", "/{0}", "s3"),
        ("PUT", "/{0}/{0}", "s3"),
        ("POST", "/{0}", "s3"),
        ("HEAD", "/{0}/{0}", "s3"),
        ("POST", "/2015-03-31/functions/{0}/invocations", "lambda"),
        ("PUT", "/2015-03-31/functions/{0}/configuration", "lambda"),
        ("PATCH", "/restapis/{0}", "apigateway"),
        ("POST", "/v2/apis/{0}/routes", "apigateway"),
        ("PUT", "/schedules/{0}", "scheduler"),
    ]
)
REST_HEADERS = st.sampled_from(
    [
        b"content-encoding",
        b"content-md5",
        b"expires",
        b"if-modified-since",
        b"range",
        b"x-amz-checksum-crc32",
        b"x-amz-content-sha256",
        b"x-amz-copy-source",
        b"x-amz-meta-a",
        b"x-amz-object-attributes",
    ]
)
ADDRESS = st.text(st.sampled_from("ab%/.+&=?;0F8"), max_size=12)


@SOME
@given(
    place=PLACES,
    part=ADDRESS,
    query=ADDRESS,
    headers=st.dictionaries(REST_HEADERS, HEADER, max_size=3),
    body=BODIES | st.sampled_from([b"<Delete/>", b"<Tagging><TagSet>", b"<a>&b;</a>"]),
)
def test_any_rest_request(
    place: tuple[str, str, str],
    part: str,
    query: str,
    headers: dict[bytes, bytes],
    body: bytes,
) -> None:
    """A REST request is taken or refused, in the service's own documents."""
    method, path, scope = place
    credential = f"AWS4-HMAC-SHA256 Credential=t/20260101/us-east-1/{scope}/aws4_request"
    pairs = [*headers.items(), (b"authorization", credential.encode())]
    request = request_of(
        method, pairs, body, path=path.format(part.replace("?", "")), query=query.encode()
    )
    response = asyncio.run(_answered(REST_APP, request))
    assert response.status < 500
    if response.body:
        document = response.body
        parsed = ElementTree.fromstring(document) if scope == "s3" else json.loads(document)
        assert parsed is not None
