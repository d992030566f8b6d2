"""What a review finds in templates."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.deploy.findings import (
    FORMAT,
    PROPERTY,
    REFERENCE,
    RULE,
    TYPE,
    WARNING,
    Finding,
    refusal,
)
from stepwell.deploy.review import review
from stepwell.errors import ServiceError
from tests.deploy.templates import scope, template

QUEUE = "Q: {Type: 'AWS::SQS::Queue'}"


def found(text: str, **other: Any) -> list[Finding]:
    """The findings in a template."""
    return review(template(text), scope(text, **other))


def told(text: str, **other: Any) -> list[tuple[str, str]]:
    """The findings' categories and messages."""
    return [(finding.category, finding.message) for finding in found(text, **other)]


def test_nothing_is_found_in_a_sound_template() -> None:
    """Nothing is found where nothing is wrong."""
    assert (
        found(
            """
            Parameters: {Delay: {Type: Number, Default: 3}}
            Conditions: {Slow: !Equals [!Ref Delay, 3]}
            Resources:
              Q:
                Type: AWS::SQS::Queue
                Properties:
                  DelaySeconds: !If [Slow, !Ref Delay, !Ref AWS::NoValue]
                  RedrivePolicy: {deadLetterTargetArn: !GetAtt D.Arn, maxReceiveCount: 3}
              D: {Type: AWS::SQS::Queue}
            Outputs:
              Name: {Value: !Select [5, !Split [':', !GetAtt Q.Arn]]}
              Url: {Value: !Sub '${Q}', Export: {Name: !Sub '${AWS::StackName}-url'}}
            """
        )
        == []
    )


def test_unknown_types_are_all_refused_in_one_sentence() -> None:
    """Unknown types are all refused, each once, in AWS's sentence, with the nearest known one."""
    text = f"""
        Conditions: {{Never: !Equals [a, b]}}
        Resources:
          {QUEUE}
          A: {{Type: 'AWS::SQS::Queu'}}
          B: {{Type: 'AWS::None::Thing'}}
          C: {{Type: 'AWS::None::Thing'}}
          D: {{Type: 'AWS::None::Other', Condition: Never}}
        """
    findings = found(text)
    assert [finding.category for finding in findings] == [TYPE] * 3
    assert findings[0].hint == "did you mean 'AWS::SQS::Queue'?"
    assert findings[0].pointer == "/Resources/A/Type"
    refused = refusal(findings)
    assert refused is not None
    assert refused.message == (
        "Template format error: Unrecognized resource types: [AWS::None::Thing, AWS::SQS::Queu]"
    )


def test_properties_are_held_against_their_type() -> None:
    """Properties that a type lacks or wants are named, with the nearest that it has."""
    assert [
        (finding.category, finding.pointer, finding.message, finding.hint)
        for finding in found(
            """
            Resources:
              Q: {Type: AWS::SQS::Queue, Properties: {DelaySecond: 3, Gone: !Ref AWS::NoValue}}
              P: {Type: AWS::SQS::QueuePolicy, Properties: {Queues: [!Ref Q]}}
            """
        )
    ] == [
        (
            PROPERTY,
            "/Resources/Q/Properties/DelaySecond",
            "Encountered unsupported property DelaySecond",
            "did you mean 'DelaySeconds'?",
        ),
        (
            PROPERTY,
            "/Resources/P/Properties",
            "AWS::SQS::QueuePolicy: required property PolicyDocument is missing",
            "",
        ),
    ]


def test_a_type_may_look_deeper() -> None:
    """What a type can't honour below the first level is told as its own."""
    assert told(
        """
        Parameters: {Kind: {Type: String, Default: Image}}
        Resources:
          R: {Type: 'AWS::IAM::Role', Properties: {AssumeRolePolicyDocument: {}}}
          F:
            Type: AWS::Lambda::Function
            Properties: {Role: !GetAtt R.Arn, PackageType: !Ref Kind, Code: {ImageUri: x}}
          Q: {Type: AWS::SQS::Queue}
          S:
            Type: AWS::Lambda::EventSourceMapping
            Properties: {FunctionName: !Ref F, EventSourceArn: !GetAtt Q.Arn}
        """
    ) == [
        (
            PROPERTY,
            "AWS::Lambda::Function: Functions from container images (Code.ImageUri) don't run "
            "here.",
        )
    ]


def test_properties_without_effect_are_told_and_refuse_nothing() -> None:
    """Properties without effect are warnings."""
    findings = found(
        """
        Resources:
          F:
            Type: AWS::Lambda::Function
            Properties: {Code: {ZipFile: x}, Role: r, TracingConfig: {Mode: Active}}
        """
    )
    assert [(finding.severity, finding.category) for finding in findings] == [(WARNING, PROPERTY)]
    assert refusal(findings) is None


def test_a_type_looks_at_its_own_values() -> None:
    """Values that a type can't honour are told before anything is made."""
    text = """
        Resources:
          S: {Type: AWS::SNS::Subscription, Properties: {TopicArn: t, Protocol: sms}}
          A: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: a, ProtocolType: WEBSOCKET}}
        """
    assert told(text) == [
        (PROPERTY, "AWS::SNS::Subscription: Protocol sms: text messages leave AWS only."),
        (
            PROPERTY,
            "AWS::ApiGatewayV2::Api: ProtocolType WEBSOCKET: WebSocket APIs are not here.",
        ),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            f"Resources: {{{QUEUE}, R: {{Type: 'AWS::SQS::Queue', DependsOn: X, Properties: "
            "{QueueName: !Sub '${Y.Arn}${Y}', DelaySeconds: !Ref Z}}}",
            "Template format error: Unresolved resource dependencies [X, Y, Z] in the Resources "
            "block of the template",
        ),
        (
            f"Resources: {{{QUEUE}}}\nOutputs: {{O: {{Value: !Ref X}}}}",
            "Template format error: Unresolved resource dependencies [X] in the Outputs block of "
            "the template",
        ),
        (
            "Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !GetAtt R.Color}}, "
            "R: {Type: 'AWS::SQS::Queue'}}",
            "Template error: resource R does not support attribute type Color in Fn::GetAtt",
        ),
        (
            "Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Ref R}}, "
            "R: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Ref Q}}}",
            "Circular dependency between resources: [Q, R]",
        ),
        (
            "Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: "
            "{QueueName: !FindInMap [M, a, b]}}}",
            "Template error: Mapping named 'M' is not present in the 'Mappings' section of "
            "template.",
        ),
        (
            f"Resources: {{{QUEUE}}}\nOutputs: {{O: {{Value: [a]}}}}",
            "Template format error: Output O is malformed. The Value field of every Outputs "
            "member must evaluate to a String.",
        ),
        (
            f"Resources: {{{QUEUE}}}\nOutputs: {{O: {{Value: !ImportValue x}}}}",
            "No export named x found.",
        ),
    ],
)
def test_references_that_lead_nowhere_are_found(text: str, message: str) -> None:
    """References that lead nowhere are each told once, in AWS's words."""
    assert told(text) == [(REFERENCE, message)]


def test_an_unknown_condition_of_a_resource_is_refused() -> None:
    """The condition of a resource is one of the template's."""
    text = "Resources: {Q: {Type: 'AWS::SQS::Queue', Condition: C}}\n"
    with pytest.raises(ServiceError, match="Unresolved condition dependency C in the Resources"):
        scope(text)


def test_bounds_of_templates_are_kept() -> None:
    """A template has so many members of each section and no more."""
    many = ", ".join(f"Q{number}: {{Type: 'AWS::SQS::Queue'}}" for number in range(501))
    text = f"Description: {'x' * 1025}\nMappings: {{M: {{a: {{b: {{c: d}}}}}}}}\n"
    assert told(f"{text}Resources: {{{many}}}\n") == [
        (
            FORMAT,
            "Template format error: Number of resources, 501, is greater than maximum allowed, 500",
        ),
        (FORMAT, "Template format error: 'Description' length is greater than 1024."),
        (FORMAT, "Template format error: Every Mappings attribute must be a String or a List."),
    ]


RULES = """
Parameters:
  Stage: {{Type: String, Default: {stage}}}
  Size: {{Type: String, Default: small}}
  Nets: {{Type: 'List<AWS::EC2::Subnet::Id>', Default: 'a,b'}}
Rules:
  Production:
    RuleCondition: !Equals [!Ref Stage, prod]
    Assertions:
      - {{Assert: !Contains [[large, huge], !Ref Size], AssertDescription: too small}}
      - {{Assert: !Not [!Contains [[small], !Ref Size]]}}
  Always:
    Assertions:
      - {{Assert: !EachMemberIn [!Ref Nets, [a, b, c]]}}
      - {{Assert: !EachMemberEquals [!RefAll 'AWS::EC2::Subnet::Id', x]}}
      - {{Assert: !Or [!Equals [a, b], !And [!Equals [a, a], !Equals [b, b]]]}}
Resources: {{Q: {{Type: 'AWS::SQS::Queue'}}}}
"""


def test_rules_hold_or_are_told() -> None:
    """Each assertion that does not hold is told, when its rule's condition does."""
    always = (RULE, "Rule Always: an assertion does not hold")
    assert told(RULES.format(stage="test")) == [always]
    assert told(RULES.format(stage="prod")) == [
        (RULE, "Rule Production: too small"),
        (RULE, "Rule Production: an assertion does not hold"),
        always,
    ]


def test_a_rule_that_can_not_be_evaluated_is_told() -> None:
    """Functions that need what is not there are refused by name."""
    text = f"""
        Rules: {{R: {{Assertions: [{{Assert: !ValueOf [a, b]}}]}}}}
        Resources: {{{QUEUE}}}
        """
    assert told(text) == [(RULE, "Template error: Fn::ValueOf is not supported in rules")]


def test_a_refusal_tells_everything() -> None:
    """Unknown types come first, then each other finding with its place."""
    text = f"""
        Resources:
          {QUEUE}
          A: {{Type: 'AWS::None::Thing', Properties: {{X: !Ref Nothing}}}}
          B: {{Type: 'AWS::SQS::Queue', Properties: {{QueueNam: x}}}}
        """
    error = refusal(found(text))
    assert error is not None
    assert error.message == (
        "Template format error: Unrecognized resource types: [AWS::None::Thing]. "
        "Template format error: Unresolved resource dependencies [Nothing] in the Resources block "
        "of the template. [/Resources/B/Properties/QueueNam] Encountered unsupported property "
        "QueueNam (did you mean 'QueueName'?)"
    )
