"""REST requests: which operation they reach, with what, and how answers and refusals look."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import AsyncIterator

import pytest

from stepwell.errors import ServiceError
from stepwell.gateway.http_answers import answer_bytes
from stepwell.gateway.settings import GatewaySettings
from stepwell.services.api import Door, HttpAnswer, HttpRequest
from tests.gateway.rest import RestApp

APP = RestApp()
GROUP = "arn%3Aaws%3Ascheduler%3Aus-east-1%3A000000000000%3Aschedule-group%2Fg"


@pytest.fixture
def app() -> RestApp:
    """The application, emptied."""
    APP.fake.answers.clear()
    APP.fake.asked.clear()
    return APP


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "operation"),
    [
        ("GET", "/", "", {}, "ListBuckets"),
        ("GET", "/b", "", {}, "ListObjects"),
        ("GET", "/b/", "", {}, "ListObjects"),
        ("GET", "/b", "list-type=2", {}, "ListObjectsV2"),
        ("GET", "/b", "tagging", {}, "GetBucketTagging"),
        ("GET", "/b", "tagging=", {}, "GetBucketTagging"),
        ("GET", "/b", "lifecycle", {}, "GetBucketLifecycleConfiguration"),
        ("GET", "/b", "analytics", {}, "ListBucketAnalyticsConfigurations"),
        ("GET", "/b", "analytics&id=1", {}, "GetBucketAnalyticsConfiguration"),
        ("GET", "/b/k", "x-id=GetObject", {}, "GetObject"),
        ("GET", "/b/k", "uploadId=u", {}, "ListParts"),
        ("HEAD", "/b/k", "", {}, "HeadObject"),
        ("PUT", "/b/k", "", {}, "PutObject"),
        ("PUT", "/b/k", "", {"x-amz-copy-source": "a/b"}, "CopyObject"),
        ("PUT", "/b/k", "partNumber=1&uploadId=u", {}, "UploadPart"),
        (
            "PUT",
            "/b/k",
            "partNumber=1&uploadId=u",
            {"x-amz-copy-source": "a/b"},
            "UploadPartCopy",
        ),
        ("POST", "/b/k", "uploads", {}, "CreateMultipartUpload"),
        ("POST", "/b", "delete", {}, "DeleteObjects"),
        ("DELETE", "/b/k", "uploadId=u", {}, "AbortMultipartUpload"),
    ],
)
def test_operations_of_the_object_store(
    app: RestApp, method: str, path: str, query: str, headers: dict[str, str], operation: str
) -> None:
    """Method, path, query and headers together say the operation."""
    asked, _ = app.asked(method, path, query=query.encode(), scope="s3", headers=headers)
    assert asked == operation


@pytest.mark.parametrize(
    ("scope", "path", "document"),
    [
        ("route53", "/2013-04-01/hostedzonesbyname", "<ErrorResponse"),
        ("eks", "/clusters", '{"'),
    ],
)
def test_a_service_that_is_not_here_is_no_bucket(
    app: RestApp, scope: str, path: str, document: str
) -> None:
    """What is signed for another service is refused by its name, in words that its client reads."""
    response = app.send("GET", path, scope=scope)
    assert response.status == 404
    assert document in response.body.decode()
    assert f"signed for {scope}" in response.body.decode()


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/b/a/b", "a/b"),
        ("/b//a", "/a"),
        ("/b/a//b/", "a//b/"),
        ("/b/a/../b", "a/../b"),
        ("/b/a%2Fb", "a/b"),
        ("/b/%C3%BC%20+", "ü +"),
        ("/b/%2E", "."),
    ],
)
def test_keys_are_not_tidied_up(app: RestApp, path: str, key: str) -> None:
    """What is in the path is the key."""
    assert app.asked("GET", path, scope="s3")[1]["Key"] == key


def test_a_key_that_is_no_text_is_refused(app: RestApp) -> None:
    """In S3's words."""
    response = app.send("GET", "/b/%FF", scope="s3")
    assert response.status == 400
    assert b"<Code>InvalidURI</Code>" in response.body


@pytest.mark.parametrize(
    "host",
    [
        "b.s3.localhost:4566",
        "b.s3.localhost.localstack.cloud:4566",
        "b.s3.eu-west-1.localhost",
        "b.localhost:4566",
        "b.s3.amazonaws.com",
        "b.s3-eu-west-1.amazonaws.com",
    ],
)
def test_buckets_in_hosts(app: RestApp, host: str) -> None:
    """The path is the key alone then; without a signature too."""
    for scope in ("s3", ""):
        operation, params = app.asked("GET", "/a/b", host=host, scope=scope)
        assert (operation, params["Bucket"], params["Key"]) == ("GetObject", "b", "a/b")


@pytest.mark.parametrize("host", ["s3.localhost:4566", "s3.us-east-1.amazonaws.com", "127.0.0.1"])
def test_hosts_without_buckets(app: RestApp, host: str) -> None:
    """The bucket is in the path."""
    assert app.asked("GET", "/b/k", host=host, scope="s3")[1]["Bucket"] == "b"


@pytest.mark.parametrize(
    ("method", "path", "scope", "operation"),
    [
        ("GET", "/2015-03-31/functions", "lambda", "ListFunctions"),
        ("GET", "/2015-03-31/functions/", "lambda", "ListFunctions"),
        ("GET", "/2015-03-31/functions/", "", "ListFunctions"),
        ("GET", "/restapis", "apigateway", "GetRestApis"),
        ("GET", "/restapis/1", "", "GetRestApi"),
        ("GET", "/v2/apis", "apigateway", "GetApis"),
        ("GET", "/v2/apis", "", "GetApis"),
        ("GET", f"/tags/{GROUP}", "scheduler", "ListTagsForResource"),
        ("GET", f"/tags/{GROUP}", "apigateway", "GetTags"),
        ("GET", "/schedules", "", "ListSchedules"),
    ],
)
def test_other_services(app: RestApp, method: str, path: str, scope: str, operation: str) -> None:
    """Who the request is signed for counts, else its path."""
    assert app.asked(method, path, scope=scope)[0] == operation


def test_labels_query_and_body_come_together(app: RestApp) -> None:
    """Of Lambda: the name from the path, the rest from headers and the body."""
    operation, params = app.asked(
        "POST",
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/"
        "invocations",
        b"\x00\x01",
        query=b"Qualifier=1",
        scope="lambda",
        headers={"x-amz-invocation-type": "Event"},
    )
    assert operation == "Invoke"
    assert params == {
        "FunctionName": "arn:aws:lambda:us-east-1:000000000000:function:f",
        "InvocationType": "Event",
        "Qualifier": "1",
        "Payload": b"\x00\x01",
    }


def test_services_that_share_actions(app: RestApp) -> None:
    """The scope decides before the version does."""
    form = b"Action=ListTagsForResource&Version=2010-05-08&ResourceArn=arn:aws:sns:us-east-1:1:t"
    name, _ = app.asked("POST", "/", form, scope="sns")
    assert name == "ListTagsForResource"


def test_errors_of_the_object_store(app: RestApp) -> None:
    """XML with what the error tells beside; 304 and HEAD have no body."""
    error = ServiceError("NoSuchKey", "Gone & <lost>.", status=404, fields={"Key": "k"})
    app.answers(GetObject=error, HeadObject=error)
    response = app.send("GET", "/b/k", scope="s3")
    root = ElementTree.fromstring(response.body)
    told = {child.tag: child.text for child in root}
    assert response.status == 404
    assert (root.tag, told["Code"], told["Message"]) == ("Error", "NoSuchKey", "Gone & <lost>.")
    assert (told["Key"], bool(told["RequestId"]), bool(told["HostId"])) == ("k", True, True)
    wire = answer_bytes(app.send("HEAD", "/b/k", scope="s3"), b"", b"", head_only=True)
    assert wire.endswith(b"\r\n\r\n")
    app.answers(GetObject=ServiceError("NotModified", "", status=304, headers={"ETag": '"x"'}))
    same = app.send("GET", "/b/k", scope="s3")
    assert (same.status, same.body) == (304, b"")
    assert dict(same.headers)[b"etag"] == b'"x"'


def test_errors_of_rest_json(app: RestApp) -> None:
    """The code is in a header; the text's member and the status are the model's."""
    app.answers(
        GetFunction=ServiceError("ResourceNotFoundException", "Function not found"),
        GetRestApi=ServiceError("NotFoundException", "Invalid API identifier specified"),
        GetApi=ServiceError("NotFoundException", "Invalid API identifier specified"),
    )
    response = app.send("GET", "/2015-03-31/functions/f", scope="lambda")
    assert response.status == 404
    assert dict(response.headers)[b"x-amzn-errortype"] == b"ResourceNotFoundException"
    assert json.loads(response.body) == {"Type": "User", "Message": "Function not found"}
    for path in ("/restapis/1", "/v2/apis/1"):
        response = app.send("GET", path, scope="apigateway")
        assert response.status == 404
        assert json.loads(response.body) == {"message": "Invalid API identifier specified"}


def test_what_breaks_the_model_is_a_validation_exception(app: RestApp) -> None:
    """As in the other protocols, all at once."""
    response = app.send("POST", "/2015-03-31/functions", b"{}", scope="lambda")
    assert response.status == 400
    assert dict(response.headers)[b"x-amzn-errortype"] == b"ValidationException"
    assert b"validation errors detected" in response.body


def test_methods_that_nothing_has(app: RestApp) -> None:
    """405 of the object store, 404 elsewhere."""
    assert app.send("PATCH", "/b/k", scope="s3").status == 405
    assert app.send("PATCH", "/2015-03-31/functions", scope="lambda").status == 404


def test_a_head_tells_the_length_of_what_is_not_sent(app: RestApp) -> None:
    """Content-Length is the object's."""
    app.answers(HeadObject={"ContentLength": 77, "ETag": '"x"', "Metadata": {"a": "b"}})
    wire = answer_bytes(app.send("HEAD", "/b/k", scope="s3"), b"", b"", head_only=True)
    assert b"content-length: 77\r\n" in wire
    assert b"x-amz-meta-a: b\r\n" in wire
    assert wire.count(b"content-length") == 1


def test_bodies_may_come_in_pieces(app: RestApp) -> None:
    """The connection gets the stream and its length."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    app.answers(GetObject={"Body": pieces(), "ContentLength": 6, "ContentType": "text/plain"})
    response = app.send("GET", "/b/k", scope="s3")
    assert (response.length, response.body) == (6, b"")
    assert response.stream is not None


def test_chunks_are_put_together(app: RestApp) -> None:
    """The operation sees the body, the rest of Content-Encoding and the trailer."""
    body = b"5;chunk-signature=x\r\nhello\r\n1\r\n!\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
    headers = {
        "content-encoding": "aws-chunked,gzip",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-trailer": "x-amz-checksum-crc32",
    }
    _, params = app.asked("PUT", "/b/k", body, scope="s3", headers=headers)
    assert params["Body"] == b"hello!"
    assert params["ContentEncoding"] == "gzip"
    assert params["ChecksumCRC32"] == "AAAAAA=="


@pytest.mark.parametrize(
    "body",
    [b"", b"5\r\nhell", b"z\r\n", b"-1\r\n\r\n", b"2\r\nabc\r\n0\r\n\r\n", b"5\r\nhello\r\n"],
)
def test_broken_chunks_are_refused(app: RestApp, body: bytes) -> None:
    """Nothing of them reaches the operation."""
    headers = {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
    response = app.send("PUT", "/b/k", body, scope="s3", headers=headers)
    assert response.status == 400
    assert b"<Code>IncompleteBody</Code>" in response.body
    assert app.fake.asked == []


def test_an_objects_own_encoding_stays(app: RestApp) -> None:
    """A gzip object is stored as it came."""
    headers = {"content-encoding": "gzip"}
    _, params = app.asked("PUT", "/b/k", b"not gzip", scope="s3", headers=headers)
    assert (params["Body"], params["ContentEncoding"]) == (b"not gzip", "gzip")


@pytest.mark.parametrize(
    "body", [b"<Delete", b"<!DOCTYPE a [<!ENTITY b 'c'>]><Delete/>", b"\xff\xfe", b"no"]
)
def test_broken_documents_are_refused(app: RestApp, body: bytes) -> None:
    """MalformedXML, also for what could be made to grow."""
    response = app.send("POST", "/b", body, query=b"delete", scope="s3")
    assert response.status == 400
    assert b"<Code>MalformedXML</Code>" in response.body


def test_large_bodies_are_for_the_object_store_only() -> None:
    """Each service has its own bound."""
    app = RestApp(GatewaySettings(body_bytes_max=10, object_bytes_max=20))
    assert app.asked("PUT", "/b/k", b"x" * 20, scope="s3")[0] == "PutObject"
    response = app.send("PUT", "/b/k", b"x" * 21, scope="s3")
    assert b"<Code>EntityTooLarge</Code>" in response.body
    form = b"Action=ListTopics&Version=2010-03-31"
    assert app.send("POST", "/", form, scope="sns").status == 413


def test_doors_come_before_everything() -> None:
    """By a label of the host, or by the path; a door may pass a request on."""
    seen: list[HttpRequest] = []

    async def answer(request: HttpRequest) -> HttpAnswer | None:
        seen.append(request)
        if request.path.endswith("pass"):
            return None
        return HttpAnswer(201, [("x-a", "b"), ("Content-Length", "99")], b"through")

    app = RestApp(doors=[Door(("execute-api",), ("/_aws/execute-api/",), answer)])
    response = app.send("DELETE", "/a%20b", query=b"q=1", host="id.execute-api.localhost:4566")
    assert (response.status, response.body, response.lines) == (201, b"through", b"x-a: b\r\n")
    assert (seen[0].method, seen[0].path, seen[0].query) == ("DELETE", "/a%20b", "q=1")
    assert seen[0].base_url == "http://id.execute-api.localhost:4566"
    assert app.send("GET", "/_aws/execute-api/x").status == 201
    assert app.asked("GET", "/b/pass", scope="s3", host="x.execute-api.y")[0] == "GetObject"


@pytest.mark.parametrize(
    "query",
    [
        b"X-Amz-Signature=x&X-Amz-Date=20200101T000000Z&X-Amz-Expires=60",
        b"AWSAccessKeyId=x&Signature=y&Expires=1",
    ],
)
def test_addresses_expire(app: RestApp, query: bytes) -> None:
    """Also where no credentials are configured."""
    response = app.send("GET", "/b/k", query=query, scope="s3")
    assert response.status == 403
    assert b"<Code>AccessDenied</Code><Message>Request has expired</Message>" in response.body
