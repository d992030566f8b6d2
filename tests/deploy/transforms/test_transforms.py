"""Language extensions, snippets, and macros that are not here."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest

from stepwell.deploy.template import Template
from stepwell.deploy.transforms.carrying_out import carry_out, is_transformed, with_snippets
from stepwell.deploy.transforms.include import bucket_and_key
from stepwell.errors import ServiceError
from stepwell.values import JsonObject
from tests.deploy.templates import BARE, template
from tests.deploy.world import REGION, Deployed

HEAD = "Transform: AWS::LanguageExtensions\n"
QUEUE = "Q: {Type: 'AWS::SQS::Queue'}"


def extended(text: str, **parameters: str | list[str]) -> Template:
    """The template with its language extensions carried out."""
    values = dict(parameters.items())
    return carry_out(template(HEAD + dedent(text)), replace(BARE, parameters=values))  # type: ignore[arg-type]


def test_loops_are_written_out() -> None:
    """Loops over resources and outputs make one of each, inside of each other too."""
    read = extended(
        """
        Resources:
          Fn::ForEach::Topics:
            - Name
            - !Ref Names
            - Topic${Name}:
                Type: AWS::SNS::Topic
                Properties: {TopicName: !Ref Name, DisplayName: !Sub '${Name}-${AWS::Region}'}
              Queue&{Name}: {Type: AWS::SQS::Queue}
        Outputs:
          Fn::ForEach::Each:
            - Name
            - [a, b]
            - Fn::ForEach::Inner:
                - Of
                - [Arn, TopicName]
                - Out${Name}${Of}: {Value: !GetAtt ['Topic${Name}', !Ref Of]}
        """,
        Names=["a", "b"],
    )
    assert list(read.resources) == ["Topica", "Queuea", "Topicb", "Queueb"]
    assert read.resources["Topica"].properties == {
        "TopicName": "a",
        "DisplayName": {"Fn::Sub": "a-${AWS::Region}"},
    }
    assert list(read.outputs) == ["OutaArn", "OutaTopicName", "OutbArn", "OutbTopicName"]
    assert read.outputs["OutbArn"].value == {"Fn::GetAtt": ["Topicb", "Arn"]}


def test_functions_stand_where_constants_were_wanted() -> None:
    """Policies and names may be made by functions, lengths and defaults are known at once."""
    read = extended(
        """
        Mappings: {M: {prod: {keep: Retain}}}
        Resources:
          Q:
            Type: AWS::SQS::Queue
            DeletionPolicy: !FindInMap [M, !Ref Stage, keep]
            UpdateReplacePolicy: !FindInMap [M, none, keep, {DefaultValue: Delete}]
            Properties:
              DelaySeconds: !Length [a, b]
              QueueName: !Ref {Fn::Sub: '${AWS::StackName}'}
              Tags: [{Key: a, Value: !ToJsonString {x: !Ref Stage}}]
        """.replace("!Ref {Fn::Sub: '${AWS::StackName}'}", "{Ref: {Fn::Sub: 'Stage'}}"),
        Stage="prod",
    )
    queue = read.resources["Q"]
    assert (queue.deletion_policy, queue.update_replace_policy) == ("Retain", "Delete")
    assert queue.properties == {
        "DelaySeconds": 2,
        "QueueName": {"Ref": "Stage"},
        "Tags": [{"Key": "a", "Value": '{"x":"prod"}'}],
    }


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        ("[A, [x]]", "a list of three elements"),
        ("[A, [x], y]", "a name, a collection and an object"),
        ("[A, x, {y: z}]", "must be a list of strings"),
        ("[A, [x, y], {Same: {Type: a}}]", "makes the name Same twice"),
        (
            f"[A, [{', '.join(map(str, range(5000)))}], {{'R${{A}}': {{T: {'x' * 2000}}}}}]",
            "loops write more than",
        ),
    ],
)
def test_loops_that_can_not_be_are_refused(loop: str, message: str) -> None:
    """Loops of a wrong shape, or that write too much, are refused."""
    with pytest.raises(ServiceError, match=message):
        extended(f"Resources: {{'Fn::ForEach::L': {loop}}}\n")


def test_the_serverless_transform_follows_the_extensions() -> None:
    """Transforms are carried out in the order in which they are listed."""
    read = carry_out(
        template(
            """
            Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
            Resources:
              Fn::ForEach::T: [Name, [A, B], {'T${Name}': {Type: AWS::Serverless::SimpleTable}}]
            """
        ),
        BARE,
    )
    assert {name: made.type for name, made in read.resources.items()} == {
        "TA": "AWS::DynamoDB::Table",
        "TB": "AWS::DynamoDB::Table",
    }


def test_macros_that_are_not_here_are_all_named() -> None:
    """Macros that are not here are refused by name, together."""
    text = f"""
        Transform: [Mine, {{Name: 'AWS::CodeDeployBlueGreen'}}]
        Resources: {{{QUEUE}, R: {{Type: a, Properties: {{Fn::Transform: {{Name: Yours}}}}}}}}
        """
    read = template(text)
    assert is_transformed(read)
    with pytest.raises(ServiceError) as refused:
        carry_out(read, BARE)
    assert refused.value.message == (
        "No transform named AWS::CodeDeployBlueGreen found. No transform named Mine found. "
        "No transform named Yours found."
    )


def test_a_plain_template_has_no_transforms() -> None:
    """A plain template is left as it is."""
    read = template(f"Resources: {{{QUEUE}}}\n")
    assert not is_transformed(read)
    assert carry_out(read, BARE) == read


async def put(deployed: Deployed, key: str, text: str) -> None:
    """A snippet in the bucket `snippets`."""
    await deployed.call("s3", "PutObject", Bucket="snippets", Key=key, Body=text.encode())


async def test_snippets_take_their_place(deployed: Deployed) -> None:
    """A snippet stands among the members of its object, or at the top."""
    region = {"LocationConstraint": REGION}
    await deployed.call("s3", "CreateBucket", Bucket="snippets", CreateBucketConfiguration=region)
    await put(deployed, "props.yaml", "DelaySeconds: 5\n")
    await put(deployed, "top.json", '{"Outputs": {"O": {"Value": "x"}}}')
    read = template(
        """
        Transform: {Name: AWS::Include, Parameters: {Location: s3://snippets/top.json}}
        Resources:
          Q:
            Type: AWS::SQS::Queue
            Properties:
              QueueName: q
              Fn::Transform:
                Name: AWS::Include
                Parameters: {Location: !Sub 's3://${Bucket}/props.yaml'}
        """
    )
    scope = replace(BARE, parameters={"Bucket": "snippets"})
    whole = await with_snippets(read, scope, deployed.cloud)
    assert whole.resources["Q"].properties == {"QueueName": "q", "DelaySeconds": 5}
    assert whole.outputs["O"].value == "x"
    assert whole.transforms == ()


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("s3://none/x", "The snippet s3://none/x could not be read: NoSuchBucket"),
        ("x.yaml", "The location parameter is not a valid S3 uri: x.yaml"),
    ],
)
async def test_a_snippet_that_is_not_there_is_named(
    deployed: Deployed, location: str, message: str
) -> None:
    """A snippet that is not there is named."""
    macro: JsonObject = {"Name": "AWS::Include", "Parameters": {"Location": location}}
    read = template(f"Resources: {{{QUEUE}, 'Fn::Transform': {macro}}}\n")
    with pytest.raises(ServiceError, match=message):
        await with_snippets(read, BARE, deployed.cloud)


@pytest.mark.parametrize(
    "location",
    [
        "s3://bucket/a/b.yaml",
        "https://bucket.s3.amazonaws.com/a/b.yaml",
        "https://bucket.s3.eu-west-1.amazonaws.com/a%2Fb.yaml",
        "https://bucket.s3-eu-west-1.amazonaws.com/a/b.yaml?versionId=1",
        "https://s3.eu-west-1.amazonaws.com/bucket/a/b.yaml",
        "http://localhost:4566/bucket/a/b.yaml",
    ],
)
def test_every_way_to_name_an_object_is_known(location: str) -> None:
    """Every way to name an object is known."""
    assert bucket_and_key(location) == ("bucket", "a/b.yaml")
