"""What deployment tools read back, against Stepwell and against moto.

A tool compares every attribute with what it asked for, and waits or plans a change where one is
missing.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.oracle.conftest import REGION, Aws

_NUMBERS: Iterator[int] = iter(range(1_000_000))


def a_bucket(s3: Any) -> str:
    """A bucket of the test's own."""
    name = f"deployed-{next(_NUMBERS)}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def test_the_least_size_of_a_transition_is_shown(aws: Aws) -> None:
    """The default with rules that name none, what was asked for otherwise; nonsense is refused."""
    if aws.is_moto:
        pytest.skip("moto does not know that header")
    s3 = aws("s3")
    bucket = a_bucket(s3)
    rule = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": "p/"}, "Expiration": {"Days": 1}}
    rules = {"Rules": [rule]}
    size = "TransitionDefaultMinimumObjectSize"
    put = s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=rules)
    assert put[size] == "all_storage_classes_128K"
    shown = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert (shown["Rules"], shown[size]) == ([rule], "all_storage_classes_128K")
    other = {size: "varies_by_storage_class"}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=rules, **other)
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)[size] == other[size]
    with pytest.raises(ClientError, match="InvalidRequest"):
        s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration=rules, **{size: "tiny"}
        )


def a_policy(resource: str) -> dict[str, Any]:
    """A policy document."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def a_table(dynamodb: Any) -> dict[str, Any]:
    """A table of the test's own, as DescribeTable shows it."""
    made = dynamodb.create_table(
        TableName=f"deployed-{next(_NUMBERS)}",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    described: dict[str, Any] = made["TableDescription"]
    return described


def recovery(answer: dict[str, Any]) -> dict[str, Any]:
    """What is said of recovery to a point in time."""
    described: dict[str, Any] = answer["ContinuousBackupsDescription"]
    assert described["ContinuousBackupsStatus"] == "ENABLED"
    shown: dict[str, Any] = described["PointInTimeRecoveryDescription"]
    return shown


def test_recovery_of_a_table_is_turned_on_and_off(aws: Aws) -> None:
    """It is shown as it was put, with the time from which on a table could be restored."""
    dynamodb = aws("dynamodb")
    name = a_table(dynamodb)["TableName"]
    shown = recovery(dynamodb.describe_continuous_backups(TableName=name))
    assert shown["PointInTimeRecoveryStatus"] == "DISABLED"
    on = {"PointInTimeRecoveryEnabled": True}
    put = recovery(
        dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=on)
    )
    shown = recovery(dynamodb.describe_continuous_backups(TableName=name))
    assert put["PointInTimeRecoveryStatus"] == shown["PointInTimeRecoveryStatus"] == "ENABLED"
    assert shown["EarliestRestorableDateTime"] <= shown["LatestRestorableDateTime"]
    if not aws.is_moto:
        assert shown["RecoveryPeriodInDays"] == 35
    off = {"PointInTimeRecoveryEnabled": False}
    dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=off)
    shown = recovery(dynamodb.describe_continuous_backups(TableName=name))
    assert shown == {"PointInTimeRecoveryStatus": "DISABLED"}


def test_a_tables_policy_comes_back_as_it_went(aws: Aws) -> None:
    """Text and revision are kept; without one, and against another revision, it is not found."""
    dynamodb = aws("dynamodb")
    arn = a_table(dynamodb)["TableArn"]
    with pytest.raises(ClientError) as caught:
        dynamodb.get_resource_policy(ResourceArn=arn)
    assert caught.value.response["Error"]["Code"] == "PolicyNotFoundException"
    text = json.dumps(a_policy(arn))
    revision = dynamodb.put_resource_policy(ResourceArn=arn, Policy=text)["RevisionId"]
    shown = dynamodb.get_resource_policy(ResourceArn=arn)
    assert json.loads(shown["Policy"]) == a_policy(arn)
    assert shown["RevisionId"] == revision
    if not aws.is_moto:
        again = dynamodb.put_resource_policy(ResourceArn=arn, Policy=text)
        assert again["RevisionId"] == revision
        with pytest.raises(ClientError, match="PolicyNotFoundException"):
            dynamodb.put_resource_policy(ResourceArn=arn, Policy=text, ExpectedRevisionId="1")
        with pytest.raises(ClientError, match="ValidationException"):
            dynamodb.put_resource_policy(ResourceArn=arn, Policy="no")
    dynamodb.delete_resource_policy(ResourceArn=arn)
    with pytest.raises(ClientError, match="PolicyNotFoundException"):
        dynamodb.get_resource_policy(ResourceArn=arn)
    if not aws.is_moto:
        assert dynamodb.delete_resource_policy(ResourceArn=arn).get("RevisionId") is None


def test_who_pays_for_requests_can_only_be_the_owner(aws: Aws) -> None:
    """That the owner pays may be said; that somebody else would is refused."""
    if aws.is_moto:
        pytest.skip("moto has no such configuration")
    s3 = aws("s3")
    bucket = a_bucket(s3)
    s3.put_bucket_request_payment(
        Bucket=bucket, RequestPaymentConfiguration={"Payer": "BucketOwner"}
    )
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    for payer, code in (("Requester", "NotImplemented"), ("Nobody", "MalformedXML")):
        with pytest.raises(ClientError, match=code):
            s3.put_bucket_request_payment(
                Bucket=bucket, RequestPaymentConfiguration={"Payer": payer}
            )


def test_an_apis_policy_is_shown_escaped(aws: Aws) -> None:
    """The text of the policy stands in the answer as it would stand within a text."""
    if aws.is_moto:
        pytest.skip("moto shows it as it came")
    apis = aws("apigateway")
    text = json.dumps(a_policy("execute-api:/*"), separators=(",", ":"))
    made = apis.create_rest_api(name="with a policy", policy=text)
    shown = apis.get_rest_api(restApiId=made["id"])["policy"]
    assert shown == made["policy"] == text.replace('"', '\\"').replace("/", "\\/")
    patch = [{"op": "replace", "path": "/policy", "value": ""}]
    assert not apis.update_rest_api(restApiId=made["id"], patchOperations=patch).get("policy")


def test_when_a_runtime_is_updated_is_shown(aws: Aws) -> None:
    """By default always; each version has its own choice; a version of the runtime must fit it."""
    if aws.is_moto:
        pytest.skip("moto does not know of runtimes' management")
    functions = aws("lambda")
    name = f"deployed-{next(_NUMBERS)}"
    functions.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role="arn:aws:iam::123456789012:role/any",
        Handler="a.b",
        Code={"ZipFile": an_archive()},
        Publish=True,
    )
    shown = functions.get_runtime_management_config(FunctionName=name)
    assert shown["UpdateRuntimeOn"] == "Auto"
    put = functions.put_runtime_management_config(
        FunctionName=name, UpdateRuntimeOn="FunctionUpdate"
    )
    assert put["FunctionArn"].endswith(f":{name}")
    shown = functions.get_runtime_management_config(FunctionName=name)
    assert shown["UpdateRuntimeOn"] == "FunctionUpdate"
    shown = functions.get_runtime_management_config(FunctionName=name, Qualifier="1")
    assert shown["UpdateRuntimeOn"] == "Auto"
    with pytest.raises(ClientError, match="InvalidParameterValueException"):
        functions.put_runtime_management_config(FunctionName=name, UpdateRuntimeOn="Manual")


def an_archive() -> bytes:
    """A zip file with a function."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.py", "def b(event, context):\n    return event\n")
    return buffer.getvalue()


def test_parameters_of_methods_stay_truths_when_they_are_patched(aws: Aws) -> None:
    """A patch's value is a text; a parameter that is required or not is a truth."""
    if aws.is_moto:
        pytest.skip("moto keeps the text")
    apis = aws("apigateway")
    rest = apis.create_rest_api(name="with parameters")
    place = {
        "restApiId": rest["id"],
        "resourceId": rest["rootResourceId"],
        "httpMethod": "GET",
    }
    asked, told = "method.request.querystring.a", "method.response.header.b"
    apis.put_method(**place, authorizationType="NONE", requestParameters={asked: True})
    apis.put_method_response(**place, statusCode="200", responseParameters={told: True})
    patch = [{"op": "replace", "path": f"/requestParameters/{asked}", "value": "false"}]
    method = apis.update_method(**place, patchOperations=patch)
    assert method["requestParameters"] == {asked: False}
    patch = [{"op": "replace", "path": f"/responseParameters/{told}", "value": "false"}]
    response = apis.update_method_response(**place, statusCode="200", patchOperations=patch)
    assert response["responseParameters"] == {told: False}


def test_changes_of_an_answer_are_taken_away_by_status(aws: Aws) -> None:
    """An update names the statuses that change; an empty map takes one away, others stay."""
    if aws.is_moto:
        pytest.skip("moto replaces all of them")
    apis = aws("apigatewayv2")
    api = apis.create_api(Name="with answers", ProtocolType="HTTP")["ApiId"]
    changes = {"404": {"overwrite:statuscode": "204"}, "500": {"append:header.a": "b"}}
    made = apis.create_integration(
        ApiId=api,
        IntegrationType="HTTP_PROXY",
        IntegrationUri="https://example.com",
        IntegrationMethod="GET",
        PayloadFormatVersion="1.0",
        ResponseParameters=changes,
    )
    place = {"ApiId": api, "IntegrationId": made["IntegrationId"]}
    after = apis.update_integration(**place, ResponseParameters={"404": {}})
    assert after["ResponseParameters"] == {"500": changes["500"]}
    assert apis.get_integration(**place)["ResponseParameters"] == {"500": changes["500"]}


def test_an_empty_dead_letter_queue_of_a_pipe_is_none(aws: Aws) -> None:
    """An update with an empty structure takes the queue away, and it is not shown empty."""
    if aws.is_moto:
        pytest.skip("moto's pipes cannot be updated")
    table = a_table(aws("dynamodb"))["TableName"]
    streamed = aws("dynamodb").update_table(
        TableName=table,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )["TableDescription"]
    queues = aws("sqs")
    url = queues.create_queue(QueueName=table)["QueueUrl"]
    queue = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    pipes = aws("pipes")
    role = "arn:aws:iam::123456789012:role/any"
    own = {"BatchSize": 1, "DeadLetterConfig": {"Arn": queue["QueueArn"]}}
    pipes.create_pipe(
        Name=table,
        RoleArn=role,
        DesiredState="STOPPED",
        Source=streamed["LatestStreamArn"],
        SourceParameters={"DynamoDBStreamParameters": {**own, "StartingPosition": "LATEST"}},
        Target=queue["QueueArn"],
    )
    pipes.update_pipe(
        Name=table,
        RoleArn=role,
        SourceParameters={"DynamoDBStreamParameters": {"BatchSize": 1, "DeadLetterConfig": {}}},
    )
    shown = pipes.describe_pipe(Name=table)["SourceParameters"]
    assert shown == {"DynamoDBStreamParameters": {"BatchSize": 1, "StartingPosition": "LATEST"}}
    pipes.delete_pipe(Name=table)


def test_all_settings_of_a_method_are_taken_away_at_once(aws: Aws) -> None:
    """With the path of the method alone; where there are none that is an error."""
    if aws.is_moto:
        pytest.skip("moto does not know that path")
    apis = aws("apigateway")
    rest = apis.create_rest_api(name="with settings")
    place = {
        "restApiId": rest["id"],
        "resourceId": rest["rootResourceId"],
        "httpMethod": "GET",
    }
    apis.put_method(**place, authorizationType="NONE")
    apis.put_integration(**place, type="MOCK")
    apis.create_deployment(restApiId=rest["id"], stageName="dev")
    stage = {"restApiId": rest["id"], "stageName": "dev"}
    patch = [{"op": "replace", "path": "/*/*/metrics/enabled", "value": "true"}]
    shown = apis.update_stage(**stage, patchOperations=patch)
    assert list(shown["methodSettings"]) == ["*/*"]
    gone = [{"op": "remove", "path": "/*/*"}]
    assert not apis.update_stage(**stage, patchOperations=gone).get("methodSettings")
    with pytest.raises(ClientError, match="no method setting"):
        apis.update_stage(**stage, patchOperations=gone)


def test_a_user_has_no_other_credentials(aws: Aws) -> None:
    """Each kind is listed empty; a password is not found; of nobody nothing is listed."""
    iam = aws("iam")
    name = f"deployed-{next(_NUMBERS)}"
    iam.create_user(UserName=name)
    assert iam.list_ssh_public_keys(UserName=name)["SSHPublicKeys"] == []
    assert iam.list_mfa_devices(UserName=name)["MFADevices"] == []
    assert iam.list_signing_certificates(UserName=name)["Certificates"] == []
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []
    if not aws.is_moto:
        own = iam.list_service_specific_credentials(UserName=name)
        assert own["ServiceSpecificCredentials"] == []
        with pytest.raises(ClientError, match="NoSuchEntity"):
            iam.list_signing_certificates(UserName="nobody")
    for operation in (iam.get_login_profile, iam.delete_login_profile):
        with pytest.raises(ClientError, match="NoSuchEntity"):
            operation(UserName=name)
