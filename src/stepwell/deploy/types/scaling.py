"""What scales tables and functions, and what shifts calls from version to version: only kept.

Capacity is not provisioned here; the version that an alias names gets all calls at once.
"""

from __future__ import annotations

from stepwell.deploy.stored import stored_type

_POLICY = (
    "arn:aws:autoscaling:{region}:{account}:scalingPolicy:{suffix}:resource/"
    "{stack}:policyName/{name}"
)

TYPES = (
    stored_type("AWS::ApplicationAutoScaling::ScalableTarget", attributes={"Id": "{name}"}),
    stored_type(
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        name_property="PolicyName",
        reference=_POLICY,
        attributes={"Arn": _POLICY},
    ),
    stored_type("AWS::CodeDeploy::Application", name_property="ApplicationName"),
    stored_type("AWS::CodeDeploy::DeploymentConfig", name_property="DeploymentConfigName"),
    stored_type("AWS::CodeDeploy::DeploymentGroup", name_property="DeploymentGroupName"),
)
