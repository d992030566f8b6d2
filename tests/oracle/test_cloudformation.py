"""CloudFormation through boto3, as deployment tools call it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from tests.oracle.conftest import REGION, Aws


def template(resources: dict[str, Any], **sections: Any) -> str:
    """A template's text."""
    return json.dumps({"Resources": resources, **sections})


def queue(name: str | None = None, **properties: Any) -> dict[str, Any]:
    """A queue."""
    named = {} if name is None else {"QueueName": name}
    return {"Type": "AWS::SQS::Queue", "Properties": {**named, **properties}}


def wait(client: Any, what: str, name: str, **other: Any) -> None:
    """Wait for a stack or a change set."""
    config = {"Delay": 0.05, "MaxAttempts": 200}
    client.get_waiter(what).wait(StackName=name, WaiterConfig=config, **other)


def create(client: Any, name: str, body: str, **other: Any) -> str:
    """A finished stack's id."""
    made = client.create_stack(StackName=name, TemplateBody=body, **other)
    wait(client, "stack_create_complete", name)
    return str(made["StackId"])


def update(client: Any, name: str, body: str, **other: Any) -> None:
    """Update a stack and wait."""
    client.update_stack(StackName=name, TemplateBody=body, **other)
    wait(client, "stack_update_complete", name)


def refusal(call: Any, **params: Any) -> tuple[str, str]:
    """Code and text of a refused call."""
    with pytest.raises(ClientError) as refused:
        call(**params)
    error = refused.value.response["Error"]
    return error["Code"], error.get("Message", "")


def queue_names(aws: Aws, prefix: str) -> list[str]:
    """The queues whose names begin so."""
    urls = aws("sqs").list_queues(QueueNamePrefix=prefix).get("QueueUrls", [])
    return sorted(url.rpartition("/")[2] for url in urls)


def test_the_life_of_a_stack(aws: Aws) -> None:
    """Created, shown, updated, deleted; afterwards known by its id alone."""
    client = aws("cloudformation")
    body = template(
        {"Q": queue("life-one")},
        Description="a life",
        Outputs={"Arn": {"Value": {"Fn::GetAtt": ["Q", "Arn"]}, "Description": "its ARN"}},
    )
    tags = [{"Key": "team", "Value": "red"}]
    stack_id = create(client, "life", body, Tags=tags)
    assert stack_id.startswith(f"arn:aws:cloudformation:{REGION}:")
    shown = client.describe_stacks(StackName="life")["Stacks"][0]
    assert (shown["StackStatus"], shown["StackId"]) == ("CREATE_COMPLETE", stack_id)
    assert (shown["Description"], shown["Tags"]) == ("a life", tags)
    output = shown["Outputs"][0]
    assert (output["OutputKey"], output["Description"]) == ("Arn", "its ARN")
    assert output["OutputValue"].endswith(":life-one")
    update(client, "life", template({"Q": queue("life-one", DelaySeconds=4)}))
    url = aws("sqs").get_queue_url(QueueName="life-one")["QueueUrl"]
    got = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])
    if not aws.is_moto:  # moto makes another queue of the same name, and forgets the change
        assert got["Attributes"]["DelaySeconds"] == "4"
    client.delete_stack(StackName="life")
    wait(client, "stack_delete_complete", stack_id)
    assert queue_names(aws, "life") == []
    assert (
        client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    )
    code, text = refusal(client.describe_stacks, StackName="life")
    assert code == "ValidationError"
    assert "does not exist" in text
    client.delete_stack(StackName="life")


def test_events(aws: Aws) -> None:
    """The newest first; the stack's own around those of its resources."""
    client = aws("cloudformation")
    stack_id = create(client, "events", template({"Q": queue()}))
    events = client.describe_stack_events(StackName="events")["StackEvents"]
    told = [(event["LogicalResourceId"], event["ResourceStatus"]) for event in reversed(events)]
    assert told[0] == ("events", "CREATE_IN_PROGRESS")
    assert told[-1] == ("events", "CREATE_COMPLETE")
    if not aws.is_moto:  # moto has events of the stack alone
        assert ("Q", "CREATE_COMPLETE") in told
    assert {event["StackId"] for event in events} == {stack_id}
    assert events[0]["ResourceType"] == "AWS::CloudFormation::Stack"


def test_resources(aws: Aws) -> None:
    """By stack, by logical id, and by what they are called."""
    client = aws("cloudformation")
    create(client, "parts", template({"Q": queue("parts-q"), "T": {"Type": "AWS::SNS::Topic"}}))
    rows = client.list_stack_resources(StackName="parts")["StackResourceSummaries"]
    kinds = {row["LogicalResourceId"]: row["ResourceType"] for row in rows}
    assert kinds == {"Q": "AWS::SQS::Queue", "T": "AWS::SNS::Topic"}
    one = client.describe_stack_resource(StackName="parts", LogicalResourceId="Q")
    assert one["StackResourceDetail"]["PhysicalResourceId"].endswith("/parts-q")
    assert one["StackResourceDetail"]["ResourceStatus"] == "CREATE_COMPLETE"
    found = client.describe_stack_resources(StackName="parts", LogicalResourceId="T")
    assert len(found["StackResources"]) == 1
    code, text = refusal(client.describe_stack_resource, StackName="parts", LogicalResourceId="X")
    assert (code, text) == ("ValidationError", "Resource X does not exist for stack parts")


def test_no_change(stepwell: Aws) -> None:
    """The same again is refused; moto takes it."""
    client = stepwell("cloudformation")
    body = template({"Q": queue()})
    create(client, "same", body)
    code, text = refusal(client.update_stack, StackName="same", TemplateBody=body)
    assert (code, text) == ("ValidationError", "No updates are to be performed.")


def test_names_that_are_taken(aws: Aws) -> None:
    """A second stack of the same name is refused."""
    client = aws("cloudformation")
    body = template({"Q": queue()})
    create(client, "taken", body)
    code, text = refusal(client.create_stack, StackName="taken", TemplateBody=body)
    assert code == "AlreadyExistsException"
    if not aws.is_moto:  # moto writes the name without brackets
        assert text == "Stack [taken] already exists"


def test_parameters_and_conditions(aws: Aws) -> None:
    """Values given, by default, kept; resources behind conditions."""
    client = aws("cloudformation")
    body = template(
        {
            "Q": queue("given-q", DelaySeconds={"Ref": "Delay"}),
            "More": {**queue("given-more"), "Condition": "Big"},
        },
        Parameters={"Delay": {"Type": "Number", "Default": 1}, "Size": {"Type": "String"}},
        Conditions={"Big": {"Fn::Equals": [{"Ref": "Size"}, "big"]}},
    )
    code, text = refusal(client.create_stack, StackName="given", TemplateBody=body)
    assert code == "ValidationError"
    if not aws.is_moto:  # moto names one of them in a sentence of its own
        assert text == "Parameters: [Size] must have values"
    small = [{"ParameterKey": "Size", "ParameterValue": "small"}]
    create(client, "given", body, Parameters=small)
    assert queue_names(aws, "given") == ["given-q"]
    shown = client.describe_stacks(StackName="given")["Stacks"][0]["Parameters"]
    assert {each["ParameterKey"]: each["ParameterValue"] for each in shown} == {
        "Delay": "1",
        "Size": "small",
    }
    big = [
        {"ParameterKey": "Size", "ParameterValue": "big"},
        {"ParameterKey": "Delay", "UsePreviousValue": True},
    ]
    if aws.is_moto:  # moto knows previous values only of parameters that were given
        big.pop()
    client.update_stack(StackName="given", UsePreviousTemplate=True, Parameters=big)
    wait(client, "stack_update_complete", "given")
    if not aws.is_moto:  # moto looks at conditions only once
        assert queue_names(aws, "given") == ["given-more", "given-q"]


def test_change_sets(aws: Aws) -> None:
    """Made for a new stack, looked at, executed; then one for an update."""
    client = aws("cloudformation")
    name = {"StackName": "planned", "ChangeSetName": "first"}
    client.create_change_set(
        **name, ChangeSetType="CREATE", TemplateBody=template({"Q": queue("planned-q")})
    )
    wait(client, "change_set_create_complete", "planned", ChangeSetName="first")
    shown = client.describe_change_set(**name)
    assert (shown["Status"], shown["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    change = shown["Changes"][0]["ResourceChange"]
    assert (change["Action"], change["LogicalResourceId"]) == ("Add", "Q")
    stack = client.describe_stacks(StackName="planned")["Stacks"][0]
    assert stack["StackStatus"] == "REVIEW_IN_PROGRESS"
    client.execute_change_set(**name)
    wait(client, "stack_create_complete", "planned")
    name = {"StackName": "planned", "ChangeSetName": "second"}
    body = template({"Q": queue("planned-q", DelaySeconds=1), "R": queue("planned-r")})
    client.create_change_set(**name, ChangeSetType="UPDATE", TemplateBody=body)
    wait(client, "change_set_create_complete", "planned", ChangeSetName="second")
    shown = client.describe_change_set(**name)
    told = {
        each["ResourceChange"]["LogicalResourceId"]: each["ResourceChange"]["Action"]
        for each in shown["Changes"]
    }
    assert told == {"Q": "Modify", "R": "Add"}
    listed = client.list_change_sets(StackName="planned")["Summaries"]
    assert "second" in [each["ChangeSetName"] for each in listed]
    client.execute_change_set(**name)
    wait(client, "stack_update_complete", "planned")
    assert queue_names(aws, "planned") == ["planned-q", "planned-r"]


def test_a_change_set_without_changes(stepwell: Aws) -> None:
    """The sentence that tools look for, at which the AWS CLI says that nothing is to be done."""
    client = stepwell("cloudformation")
    body = template({"Q": queue()})
    create(client, "unchanged", body)
    client.create_change_set(StackName="unchanged", ChangeSetName="none", TemplateBody=body)
    shown = client.describe_change_set(StackName="unchanged", ChangeSetName="none")
    assert (shown["Status"], shown["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert "didn't contain changes" in shown["StatusReason"]


def test_exports(aws: Aws) -> None:
    """One stack exports, another one imports."""
    client = aws("cloudformation")
    output = {"Value": {"Fn::GetAtt": ["Q", "QueueName"]}, "Export": {"Name": "exp-name"}}
    create(client, "exporting", template({"Q": queue("exp-q")}, Outputs={"Name": output}))
    tagged = queue("exp-r", Tags=[{"Key": "of", "Value": {"Fn::ImportValue": "exp-name"}}])
    create(client, "importing", template({"R": tagged}))
    exports = {each["Name"]: each["Value"] for each in client.list_exports()["Exports"]}
    assert exports["exp-name"] == "exp-q"
    url = aws("sqs").get_queue_url(QueueName="exp-r")["QueueUrl"]
    assert aws("sqs").list_queue_tags(QueueUrl=url)["Tags"]["of"] == "exp-q"
    if not aws.is_moto:  # moto finds importers by the text of their templates
        assert client.list_imports(ExportName="exp-name")["Imports"] == ["importing"]
        told = refusal(client.delete_stack, StackName="exporting")
        assert told[1] == "Export exp-name cannot be deleted as it is in use by importing"


def test_templates(aws: Aws) -> None:
    """As they were given, summed up, validated."""
    client = aws("cloudformation")
    parameter = {"Type": "String", "Default": "x", "Description": "a letter"}
    resources = {"Q": queue()}
    body = template(resources, Parameters={"P": parameter}, Description="d")
    create(client, "texts", body)
    given = client.get_template(StackName="texts")["TemplateBody"]
    assert (given if isinstance(given, dict) else json.loads(given)) == json.loads(body)
    summary = client.get_template_summary(TemplateBody=body)
    assert summary["ResourceTypes"] == ["AWS::SQS::Queue"]
    declared = summary["Parameters"][0]
    assert (declared["ParameterKey"], declared["DefaultValue"]) == ("P", "x")
    if aws.is_moto:  # moto needs a linter for this, which is not here
        return
    validated = client.validate_template(TemplateBody=body)
    assert (validated["Description"], validated["Parameters"][0]["ParameterKey"]) == ("d", "P")
    code, _ = refusal(client.validate_template, TemplateBody="{}")
    assert code == "ValidationError"


def test_a_template_in_a_bucket(aws: Aws) -> None:
    """Read from the bucket that its address names."""
    client, storage = aws("cloudformation"), aws("s3")
    where = {"LocationConstraint": REGION}
    storage.create_bucket(Bucket="texts-of-stacks", CreateBucketConfiguration=where)
    body = template({"Q": queue("bucketed-q")})
    storage.put_object(Bucket="texts-of-stacks", Key="a/t.json", Body=body)
    url = f"https://texts-of-stacks.s3.{REGION}.amazonaws.com/a/t.json"
    if aws.is_moto:  # moto takes only addresses with the bucket in the path
        url = "https://s3.amazonaws.com/texts-of-stacks/a/t.json"
    client.create_stack(StackName="bucketed", TemplateURL=url)
    wait(client, "stack_create_complete", "bucketed")
    assert queue_names(aws, "bucketed") == ["bucketed-q"]


def test_protection_and_policies(aws: Aws) -> None:
    """Kept with the stack, and honoured when it is to be deleted."""
    client = aws("cloudformation")
    create(client, "kept", template({"Q": queue()}), EnableTerminationProtection=True)
    assert client.describe_stacks(StackName="kept")["Stacks"][0]["EnableTerminationProtection"]
    if not aws.is_moto:  # moto deletes it all the same
        code, _ = refusal(client.delete_stack, StackName="kept")
        assert code == "ValidationError"
    policy = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    client.set_stack_policy(StackName="kept", StackPolicyBody=policy)
    assert client.get_stack_policy(StackName="kept")["StackPolicyBody"] == policy


def test_a_rollback(stepwell: Aws) -> None:
    """What fails is undone; moto does not undo."""
    client = stepwell("cloudformation")
    stepwell("sqs").create_queue(QueueName="back-taken")
    second = {**queue("back-taken"), "DependsOn": "A"}
    client.create_stack(
        StackName="back", TemplateBody=template({"A": queue("back-a"), "B": second})
    )
    with pytest.raises(WaiterError):
        wait(client, "stack_create_complete", "back")
    shown = client.describe_stacks(StackName="back")["Stacks"][0]
    assert shown["StackStatus"].startswith("ROLLBACK_")
    for _ in range(200):
        if shown["StackStatus"] == "ROLLBACK_COMPLETE":
            break
        shown = client.describe_stacks(StackName="back")["Stacks"][0]
    assert shown["StackStatus"] == "ROLLBACK_COMPLETE"
    assert queue_names(stepwell, "back") == ["back-taken"]


def test_what_is_not_here(stepwell: Aws) -> None:
    """Refused by name."""
    client = stepwell("cloudformation")
    code, text = refusal(client.list_stack_sets)
    assert "ListStackSets" in text, code
