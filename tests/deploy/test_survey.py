"""What is known of a template before it is deployed, without a server."""

from __future__ import annotations

from textwrap import dedent

import pytest

from stepwell.deploy.findings import DEFINITION, FORMAT, PARAMETER, RUNTIME, WARNING
from stepwell.deploy.survey import REFUSED_HERE, RUNS, Survey, survey

MACHINE = "Type: AWS::StepFunctions::StateMachine"


def look(text: str, files: dict[str, str] | None = None, **given: str) -> Survey:
    """Survey a template with files beside it."""
    return survey(dedent(text), given, read_file=(files or {}).get)


def test_each_resource_is_sorted() -> None:
    """Each resource runs or is refused, after transforms and conditions."""
    seen = look(
        """
        Transform: AWS::Serverless-2016-10-31
        Resources:
          F:
            Type: AWS::Serverless::Function
            Properties: {CodeUri: src/, Handler: a.b, Runtime: python3.12}
          Q: {Type: AWS::SQS::Queue}
          W: {Type: AWS::SQS::Queue, Properties: {Wrong: 1}}
          N: {Type: AWS::None::Thing}
        """
    )
    assert {made.logical_id: made.verdict for made in seen.resources} == {
        "F": RUNS,
        "FRole": RUNS,
        "Q": RUNS,
        "W": REFUSED_HERE,
        "N": REFUSED_HERE,
    }
    assert seen.missing_types == ("AWS::None::Thing",)
    assert not seen.deploys


def test_what_can_not_be_read_is_a_finding() -> None:
    """Nothing is raised: what can't be read is the only finding."""
    seen = look("Resources: [")
    assert [finding.category for finding in seen.findings] == [FORMAT]
    assert not seen.deploys
    assert not look("Transform: Mine\nResources: {Q: {Type: 'AWS::SQS::Queue'}}\n").deploys


def test_parameters_without_a_value_are_told() -> None:
    """A parameter without a value gets one for the time being, and is told."""
    text = """
        Parameters:
          Stage: {Type: String, AllowedValues: [dev, prod]}
          Mail: {Type: String, AllowedPattern: '.+@.+'}
          Delay: {Type: Number, MinValue: 3}
        Resources:
          Q: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: !Ref Delay}}
        """
    seen = look(text, Mail="a@b")
    assert seen.assumed == {"Stage": "dev", "Delay": "3"}
    assert seen.deploys
    assert {(finding.category, finding.severity) for finding in seen.findings} == {
        (PARAMETER, WARNING)
    }
    assert not look(text, Mail="a").deploys


def test_parameters_that_are_looked_up_are_told() -> None:
    """What must be in Parameter Store is told, and refuses nothing."""
    seen = look(
        """
        Parameters: {V: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /cdk/version}}
        Resources: {Q: {Type: AWS::SQS::Queue}}
        """
    )
    assert seen.deploys
    assert [finding.message for finding in seen.findings] == [
        "Parameter V is looked up: /cdk/version must be in Parameter Store"
    ]


def test_what_hangs_on_such_a_value_refuses_nothing() -> None:
    """What may be right with the real value is a warning."""
    seen = look(
        """
        Parameters: {Key: {Type: String}}
        Resources:
          Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Select [1, !Split ['|', !Ref Key]]}}
        """
    )
    assert seen.deploys


DEFINITION_TEXT = (
    '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "%s", "End": true}}}'
)


@pytest.mark.parametrize(
    ("resource", "deploys"),
    [
        ("arn:aws:states:::lambda:invoke", True),
        ("arn:aws:states:::batch:submitJob", False),
        ("nothing", False),
    ],
)
def test_definitions_in_templates_are_reviewed(resource: str, deploys: bool) -> None:
    """What a definition wants and this server does not run is refused beforehand."""
    body = DEFINITION_TEXT % resource
    if resource.endswith("invoke"):
        body = body.replace('"End"', '"Parameters": {"FunctionName": "f"}, "End"')
    seen = look(
        f"Resources: {{M: {{{MACHINE}, Properties: {{RoleArn: r, Definition: {body}}}}}}}\n"
    )
    assert seen.deploys == deploys
    assert all(finding.category == DEFINITION for finding in seen.findings)


def test_definitions_in_files_are_reviewed() -> None:
    """A file is read, its places filled in with what resources could be, YAML or JSON."""
    template = """
        Transform: AWS::Serverless-2016-10-31
        Parameters: {Wait: {Type: Number, Default: 5}}
        Resources:
          M:
            Type: AWS::Serverless::StateMachine
            Properties:
              DefinitionUri: ./flow.asl.yaml
              DefinitionSubstitutions: {Function: !GetAtt F.Arn, Seconds: !Ref Wait}
          F: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, Runtime: python3.12}}
        """
    flow = """
        StartAt: W
        States:
          W:
            Type: Wait
            Seconds: ${Seconds}
            Next: A
          A: {Type: Task, Resource: "${Function}", End: true}
        """
    seen = look(template, {"flow.asl.yaml": dedent(flow)})
    assert [finding.message for finding in seen.findings] == []
    missing = look(template)
    assert [finding.message for finding in missing.findings] == [
        "The definition flow.asl.yaml can't be read"
    ]


def test_runtimes_that_can_not_run_are_told() -> None:
    """A function whose runtime is not here is refused beforehand."""
    seen = look(
        """
        Resources:
          F:
            Type: AWS::Lambda::Function
            Properties: {Code: {ZipFile: x}, Role: r, Handler: a.b, Runtime: ruby3.3}
        """
    )
    assert [finding.category for finding in seen.findings] == [RUNTIME]
    assert seen.resources[0].verdict == REFUSED_HERE


def test_snippets_beside_the_template_are_taken_in() -> None:
    """A snippet in a file stands in its place; one in S3 is told as not looked at."""
    text = """
        Resources:
          Q:
            Type: AWS::SQS::Queue
            Properties:
              Fn::Transform: {Name: AWS::Include, Parameters: {Location: %s}}
        """
    seen = look(text % "props.yaml", {"props.yaml": "Wrong: 1\n"})
    assert [finding.message for finding in seen.findings] == [
        "Encountered unsupported property Wrong"
    ]
    seen = look(text % "s3://bucket/props.yaml")
    assert [finding.severity for finding in seen.findings] == [WARNING]


@pytest.mark.parametrize(("kept", "warned"), [("300", True), ("1200", False), (None, False)])
def test_a_wait_that_outlives_the_templates_queue(kept: str | None, warned: bool) -> None:
    """The queue's retention is known from the template, four days when it says nothing."""
    retention = f"{{MessageRetentionPeriod: {kept}}}" if kept else "{}"
    seen = look(
        f"""
        Resources:
          Jobs: {{Type: 'AWS::SQS::Queue', Properties: {retention}}}
          M:
            {MACHINE}
            Properties:
              RoleArn: arn:aws:iam::000000000000:role/r
              Definition:
                StartAt: Ask
                States:
                  Ask:
                    Type: Task
                    Resource: arn:aws:states:::sqs:sendMessage.waitForTaskToken
                    Parameters:
                      QueueUrl: !Ref Jobs
                      MessageBody: {{token.$: $$.Task.Token}}
                    TimeoutSeconds: 600
                    End: true
        """
    )
    found = [finding for finding in seen.findings if "WAIT_OUTLIVES_MESSAGE" in finding.message]
    assert [finding.severity for finding in found] == ([WARNING] if warned else [])
    assert seen.deploys
