"""Lambda's control plane, against moto too."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepwell.testing.functions import zip_of
from stepwell.values import decode, encode_text
from tests.oracle.conftest import REGION, Aws

ZIP = zip_of({"handler.py": "def handler(event, context):\n    return event\n"})
OTHER_ZIP = zip_of({"handler.py": "def handler(event, context):\n    return 2\n"})


def _role(aws: Aws) -> str:
    if not aws.is_moto:
        return "arn:aws:iam::000000000000:role/any"
    trust = {"Version": "2012-10-17", "Statement": []}
    iam = aws("iam")
    try:
        role = iam.create_role(RoleName="any", AssumeRolePolicyDocument=encode_text(trust))
    except iam.exceptions.EntityAlreadyExistsException:
        role = iam.get_role(RoleName="any")
    return str(role["Role"]["Arn"])


def _create(aws: Aws, name: str, **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "FunctionName": name,
        "Runtime": "python3.12",
        "Handler": "handler.handler",
        "Role": _role(aws),
        "Code": {"ZipFile": ZIP},
    }
    return dict(aws("lambda").create_function(**(given | more)))


def _refused(call: Any, **params: Any) -> tuple[str, int]:
    """The code and status of a refusal."""
    with pytest.raises(ClientError) as refused:
        call(**params)
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_a_function_is_shown_as_it_was_created(aws: Aws) -> None:
    """A function is shown as it was created."""
    created = _create(
        aws,
        "shown",
        Description="what it does",
        Timeout=10,
        MemorySize=256,
        Environment={"Variables": {"A": "1"}},
        Tags={"team": "x"},
    )
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert created["CodeSize"] == len(ZIP)
    found = aws("lambda").get_function(FunctionName="shown")
    shown = found["Configuration"]
    for name, value in {
        "FunctionName": "shown",
        "Runtime": "python3.12",
        "Handler": "handler.handler",
        "Description": "what it does",
        "Timeout": 10,
        "MemorySize": 256,
        "Version": "$LATEST",
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "TracingConfig": {"Mode": "PassThrough"},
        "Environment": {"Variables": {"A": "1"}},
        "CodeSha256": created["CodeSha256"],
    }.items():
        assert shown[name] == value, name
    assert shown["FunctionArn"].endswith(":function:shown")
    assert found["Tags"] == {"team": "x"}
    assert found["Code"]["RepositoryType"] == "S3"


def test_names_arns_and_partial_arns_name_the_same_function(aws: Aws) -> None:
    """Names arns and partial arns name the same function."""
    arn = _create(aws, "named")["FunctionArn"]
    client = aws("lambda")
    for name in ("named", arn):
        shown = client.get_function_configuration(FunctionName=name)
        assert shown["FunctionArn"] == arn
    if not aws.is_moto:  # it takes the whole ARN or the name
        account = arn.split(":")[4]
        shown = client.get_function_configuration(FunctionName=f"{account}:function:named")
        assert shown["FunctionArn"] == arn


def test_what_is_there_already_or_not_at_all_is_refused(aws: Aws) -> None:
    """What is there already or not at all is refused."""
    _create(aws, "twice")
    with pytest.raises(ClientError) as refused:
        _create(aws, "twice")
    assert refused.value.response["Error"]["Code"] == "ResourceConflictException"
    assert refused.value.response["Error"]["Message"] == "Function already exist: twice"
    client = aws("lambda")
    missing = ("ResourceNotFoundException", 404)
    assert _refused(client.get_function, FunctionName="nobody") == missing
    assert _refused(client.delete_function, FunctionName="nobody") == missing
    if not aws.is_moto:  # it lists nothing
        assert _refused(client.list_versions_by_function, FunctionName="nobody") == missing


def test_code_and_configuration_are_updated(aws: Aws) -> None:
    """Code and configuration are updated."""
    before = _create(aws, "changed")
    client = aws("lambda")
    after = client.update_function_code(FunctionName="changed", ZipFile=OTHER_ZIP)
    assert after["CodeSha256"] != before["CodeSha256"]
    assert after["CodeSize"] == len(OTHER_ZIP)
    changed = client.update_function_configuration(
        FunctionName="changed", Timeout=20, Environment={"Variables": {"B": "2"}}
    )
    assert (changed["Timeout"], changed["Environment"]) == (20, {"Variables": {"B": "2"}})
    assert changed["Handler"] == "handler.handler"


def test_a_version_keeps_what_it_was_published_from(aws: Aws) -> None:
    """A version keeps what it was published from."""
    _create(aws, "versions")
    client = aws("lambda")
    one = client.publish_version(FunctionName="versions", Description="first")
    assert (one["Version"], one["Description"]) == ("1", "first")
    assert one["FunctionArn"].endswith(":function:versions:1")
    client.update_function_code(FunctionName="versions", ZipFile=OTHER_ZIP)
    two = client.publish_version(FunctionName="versions")
    assert two["Version"] == "2"
    listed = client.list_versions_by_function(FunctionName="versions")["Versions"]
    assert [row["Version"] for row in listed] == ["$LATEST", "1", "2"]
    first = client.get_function(FunctionName="versions", Qualifier="1")["Configuration"]
    assert first["CodeSha256"] == one["CodeSha256"] != two["CodeSha256"]


def test_an_unchanged_function_gets_no_second_version(aws: Aws) -> None:
    """An unchanged function gets no second version."""
    _create(aws, "unchanged")
    client = aws("lambda")
    numbers = [client.publish_version(FunctionName="unchanged")["Version"] for _ in range(2)]
    assert numbers == ["1", "1"]


def test_aliases_are_created_changed_listed_and_deleted(aws: Aws) -> None:
    """Aliases are created changed listed and deleted."""
    _create(aws, "aliased", Publish=True)
    client = aws("lambda")
    created = client.create_alias(FunctionName="aliased", Name="live", FunctionVersion="1")
    assert created["AliasArn"].endswith(":function:aliased:live")
    assert created["FunctionVersion"] == "1"
    taken = _refused(client.create_alias, FunctionName="aliased", Name="live", FunctionVersion="1")
    # moto shortens the name of the error.
    assert taken == ("ConflictException" if aws.is_moto else "ResourceConflictException", 409)
    client.update_function_code(FunctionName="aliased", ZipFile=OTHER_ZIP, Publish=True)
    changed = client.update_alias(
        FunctionName="aliased",
        Name="live",
        FunctionVersion="2",
        Description="now",
        RoutingConfig={"AdditionalVersionWeights": {"1": 0.25}},
    )
    assert changed["RoutingConfig"] == {"AdditionalVersionWeights": {"1": 0.25}}
    shown = client.get_alias(FunctionName="aliased", Name="live")
    assert (shown["FunctionVersion"], shown["Description"]) == ("2", "now")
    found = client.get_function(FunctionName="aliased", Qualifier="live")["Configuration"]
    assert found["Version"] == "2"
    listed = client.list_aliases(FunctionName="aliased")["Aliases"]
    assert [alias["Name"] for alias in listed] == ["live"]
    client.delete_alias(FunctionName="aliased", Name="live")
    missing = _refused(client.get_alias, FunctionName="aliased", Name="live")
    assert missing == ("ResourceNotFoundException", 404)


def test_layers_have_versions_and_functions_name_them(aws: Aws) -> None:
    """Layers have versions and functions name them."""
    client = aws("lambda")
    one = client.publish_layer_version(
        LayerName="shared", Content={"ZipFile": ZIP}, CompatibleRuntimes=["python3.12"]
    )
    two = client.publish_layer_version(
        LayerName="shared", Content={"ZipFile": OTHER_ZIP}, CompatibleRuntimes=["python3.13"]
    )
    assert (one["Version"], two["Version"]) == (1, 2)
    assert two["LayerVersionArn"] == f"{two['LayerArn']}:2"
    listed = client.list_layer_versions(LayerName="shared")["LayerVersions"]
    assert [row["Version"] for row in listed] == [2, 1]
    (layer,) = [x for x in client.list_layers()["Layers"] if x["LayerName"] == "shared"]
    assert layer["LatestMatchingVersion"]["Version"] == 2
    _create(aws, "layered", Layers=[one["LayerVersionArn"]])
    shown = client.get_function_configuration(FunctionName="layered")
    assert [row["Arn"] for row in shown["Layers"]] == [one["LayerVersionArn"]]
    client.delete_layer_version(LayerName="shared", VersionNumber=2)
    listed = client.list_layer_versions(LayerName="shared")["LayerVersions"]
    assert [row["Version"] for row in listed] == [1]


def test_permissions_are_kept_as_a_policy(aws: Aws) -> None:
    """Permissions are kept as a policy."""
    _create(aws, "open")
    client = aws("lambda")
    given = {
        "FunctionName": "open",
        "StatementId": "one",
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
        "SourceArn": f"arn:aws:events:{REGION}:123456789012:rule/x",
    }
    statement = decode(client.add_permission(**given)["Statement"])
    assert isinstance(statement, dict)
    policy: Any = decode(client.get_policy(FunctionName="open")["Policy"])
    assert policy["Statement"] == [statement]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    client.remove_permission(FunctionName="open", StatementId="one")
    if not aws.is_moto:  # it shows a policy without statements
        missing = ("ResourceNotFoundException", 404)
        assert _refused(client.get_policy, FunctionName="open") == missing


def test_reserved_concurrency_is_put_shown_and_deleted(aws: Aws) -> None:
    """Reserved concurrency is put shown and deleted."""
    _create(aws, "reserved")
    client = aws("lambda")
    put = client.put_function_concurrency(FunctionName="reserved", ReservedConcurrentExecutions=5)
    assert put["ReservedConcurrentExecutions"] == 5
    found = client.get_function(FunctionName="reserved")
    assert found["Concurrency"] == {"ReservedConcurrentExecutions": 5}
    client.delete_function_concurrency(FunctionName="reserved")
    shown = client.get_function_concurrency(FunctionName="reserved")
    assert "ReservedConcurrentExecutions" not in shown


def test_event_invoke_configs_are_put_changed_and_deleted(aws: Aws) -> None:
    """Event invoke configs are put changed and deleted."""
    _create(aws, "async")
    client = aws("lambda")
    put = client.put_function_event_invoke_config(
        FunctionName="async", MaximumRetryAttempts=1, MaximumEventAgeInSeconds=300
    )
    # moto leaves the qualifier out.
    assert put["FunctionArn"].endswith(":function:async" + ("" if aws.is_moto else ":$LATEST"))
    client.update_function_event_invoke_config(FunctionName="async", MaximumRetryAttempts=2)
    shown = client.get_function_event_invoke_config(FunctionName="async")
    assert shown["MaximumEventAgeInSeconds"] == 300
    assert shown["MaximumRetryAttempts"] == 2 or aws.is_moto  # it keeps what was put first
    listed = client.list_function_event_invoke_configs(FunctionName="async")
    assert len(listed["FunctionEventInvokeConfigs"]) == 1
    client.delete_function_event_invoke_config(FunctionName="async")
    missing = _refused(client.get_function_event_invoke_config, FunctionName="async")
    assert missing == ("ResourceNotFoundException", 404)


def test_function_urls_are_created_changed_and_deleted(aws: Aws) -> None:
    """Function urls are created changed and deleted."""
    _create(aws, "web")
    client = aws("lambda")
    created = client.create_function_url_config(FunctionName="web", AuthType="NONE")
    assert created["AuthType"] == "NONE"
    assert created["FunctionUrl"].endswith("/") or aws.is_moto
    cors = {"AllowOrigins": ["https://example.org"]}
    client.update_function_url_config(FunctionName="web", AuthType="AWS_IAM", Cors=cors)
    shown = client.get_function_url_config(FunctionName="web")
    assert (shown["AuthType"], shown["Cors"]) == ("AWS_IAM", cors)
    assert shown["FunctionUrl"] == created["FunctionUrl"] or aws.is_moto
    client.delete_function_url_config(FunctionName="web")
    missing = _refused(client.get_function_url_config, FunctionName="web")
    assert missing == ("ResourceNotFoundException", 404)


def test_tags_are_added_and_removed(aws: Aws) -> None:
    """Tags are added and removed."""
    arn = _create(aws, "tagged", Tags={"a": "1"})["FunctionArn"]
    client = aws("lambda")
    client.tag_resource(Resource=arn, Tags={"b": "2"})
    assert client.list_tags(Resource=arn)["Tags"] == {"a": "1", "b": "2"}
    client.untag_resource(Resource=arn, TagKeys=["a"])
    assert client.list_tags(Resource=arn)["Tags"] == {"b": "2"}


def test_event_source_mappings_are_created_changed_listed_and_deleted(aws: Aws) -> None:
    """Event source mappings are created changed listed and deleted."""
    _create(aws, "mapped")
    sqs, client = aws("sqs"), aws("lambda")
    url = sqs.create_queue(QueueName="mapped-jobs")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    source = attributes["Attributes"]["QueueArn"]
    created = client.create_event_source_mapping(
        EventSourceArn=source, FunctionName="mapped", BatchSize=5
    )
    assert created["ResponseMetadata"]["HTTPStatusCode"] == (201 if aws.is_moto else 202)
    assert (created["BatchSize"], created["EventSourceArn"]) == (5, source)
    assert created["FunctionArn"].endswith(":function:mapped")
    uuid = created["UUID"]
    client.update_event_source_mapping(UUID=uuid, BatchSize=7, Enabled=False)
    shown = client.get_event_source_mapping(UUID=uuid)
    assert (shown["BatchSize"], shown["State"]) == (7, "Disabled")
    listed = client.list_event_source_mappings(EventSourceArn=source)["EventSourceMappings"]
    assert [row["UUID"] for row in listed] == [uuid]
    client.delete_event_source_mapping(UUID=uuid)
    missing = _refused(client.get_event_source_mapping, UUID=uuid)
    assert missing == ("ResourceNotFoundException", 404)


def test_lists_come_in_pages(aws: Aws) -> None:
    """Lists come in pages."""
    for number in range(3):
        _create(aws, f"paged-{number}")
    client = aws("lambda")
    pages = client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 1})
    names = [row["FunctionName"] for page in pages for row in page["Functions"]]
    assert [name for name in names if name.startswith("paged-")] == [
        "paged-0",
        "paged-1",
        "paged-2",
    ]


def test_a_deleted_function_takes_everything_with_it(aws: Aws) -> None:
    """A deleted function takes everything with it."""
    _create(aws, "gone", Publish=True)
    client = aws("lambda")
    client.create_alias(FunctionName="gone", Name="live", FunctionVersion="1")
    client.delete_function(FunctionName="gone")
    missing = _refused(client.get_function, FunctionName="gone", Qualifier="1")
    assert missing == ("ResourceNotFoundException", 404)
    _create(aws, "gone")
    listed = client.list_versions_by_function(FunctionName="gone")["Versions"]
    assert [row["Version"] for row in listed] == ["$LATEST"]


@pytest.mark.parametrize(
    "given",
    [
        {"Timeout": 901},
        {"Code": {"ZipFile": b"no zip"}},
        {"Environment": {"Variables": {"AWS_REGION": "x"}}},
        {"Layers": [f"arn:aws:lambda:{REGION}:000000000000:layer:none:1"]},
    ],
    ids=["timeout", "zip", "reserved variable", "layer"],
)
def test_what_cannot_be_is_refused(aws: Aws, given: dict[str, Any]) -> None:
    """What cannot be is refused."""
    if aws.is_moto:
        pytest.skip("moto takes anything")
    with pytest.raises(ClientError) as refused:
        _create(aws, "impossible", **given)
    code = refused.value.response["Error"]["Code"]
    assert code in ("ValidationException", "InvalidParameterValueException")


def test_code_comes_from_a_bucket(aws: Aws) -> None:
    """Code comes from a bucket."""
    s3 = aws("s3", "us-east-1")
    s3.create_bucket(Bucket="code-of-functions")
    s3.put_object(Bucket="code-of-functions", Key="one.zip", Body=ZIP)
    place = {"S3Bucket": "code-of-functions", "S3Key": "one.zip"}
    created = _create(aws, "stored", Code=place)
    assert created["CodeSize"] == len(ZIP)
    if aws.is_moto:  # it does not look
        return
    with pytest.raises(ClientError) as refused:
        _create(aws, "unstored", Code=place | {"S3Key": "none.zip"})
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
