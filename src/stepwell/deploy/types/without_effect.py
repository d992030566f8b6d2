"""Types that are stored without effect: what watches, protects, names and ships an app on AWS.

Rule: a type stands here when an app that runs on one machine, with nobody's rights checked, does
not notice that it is missing. Whatever would run code, hold data or answer calls is refused.
"""

from __future__ import annotations

from stepwell.deploy.stored import stored_type


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{{region}}:{{account}}:{resource}"


_WATCHING = (
    stored_type(
        "AWS::CloudWatch::Alarm",
        name_property="AlarmName",
        attributes={"Arn": _arn("cloudwatch", "alarm:{name}")},
    ),
    stored_type(
        "AWS::CloudWatch::CompositeAlarm",
        name_property="AlarmName",
        attributes={"Arn": _arn("cloudwatch", "alarm:{name}")},
    ),
    stored_type("AWS::CloudWatch::Dashboard", name_property="DashboardName"),
    stored_type(
        "AWS::CloudWatch::AnomalyDetector", reference="{uuid}", attributes={"Id": "{uuid}"}
    ),
    stored_type(
        "AWS::CloudWatch::InsightRule",
        name_property="RuleName",
        attributes={
            "Arn": _arn("cloudwatch", "insight-rule/{name}"),
            "Id": "{name}",
            "RuleName": "{name}",
        },
    ),
    stored_type(
        "AWS::CloudWatch::MetricStream",
        name_property="Name",
        attributes={
            "Arn": _arn("cloudwatch", "metric-stream/{name}"),
            "CreationDate": "",
            "LastUpdateDate": "",
            "State": "stopped",
        },
    ),
    stored_type(
        "AWS::XRay::Group",
        name_property="GroupName",
        reference=_arn("xray", "group/{name}/{suffix}"),
        attributes={"GroupARN": _arn("xray", "group/{name}/{suffix}")},
    ),
    stored_type(
        "AWS::XRay::SamplingRule",
        name_property="RuleName",
        reference=_arn("xray", "sampling-rule/{name}"),
        attributes={"RuleARN": _arn("xray", "sampling-rule/{name}")},
    ),
    stored_type("AWS::XRay::ResourcePolicy", name_property="PolicyName"),
    stored_type(
        "AWS::XRay::TransactionSearchConfig",
        reference="{account}",
        attributes={"AccountId": "{account}"},
    ),
    stored_type(
        "AWS::Synthetics::Canary",
        name_property="Name",
        attributes={"Id": "{uuid}", "State": "STOPPED", "Code.SourceLocationArn": ""},
    ),
    stored_type("AWS::Synthetics::Group", name_property="Name", attributes={"Id": "{uuid}"}),
    stored_type(
        "AWS::ApplicationInsights::Application",
        reference=_arn("applicationinsights", "application/resource-group/{ResourceGroupName}"),
        attributes={
            "ApplicationARN": _arn(
                "applicationinsights", "application/resource-group/{ResourceGroupName}"
            )
        },
    ),
    stored_type(
        "AWS::ApplicationSignals::ServiceLevelObjective",
        name_property="Name",
        reference=_arn("application-signals", "slo/{name}"),
        attributes={
            "Arn": _arn("application-signals", "slo/{name}"),
            "CreatedTime": "",
            "LastUpdatedTime": "",
            "EvaluationType": "",
        },
    ),
    stored_type(
        "AWS::Oam::Link",
        reference=_arn("oam", "link/{uuid}"),
        attributes={"Arn": _arn("oam", "link/{uuid}"), "Label": "{LabelTemplate}"},
    ),
    stored_type(
        "AWS::Oam::Sink",
        name_property="Name",
        reference=_arn("oam", "sink/{uuid}"),
        attributes={"Arn": _arn("oam", "sink/{uuid}")},
    ),
    stored_type(
        "AWS::CloudTrail::Trail",
        name_property="TrailName",
        attributes={"Arn": _arn("cloudtrail", "trail/{name}"), "SnsTopicArn": "{SnsTopicName}"},
    ),
    stored_type(
        "AWS::Config::ConfigRule",
        name_property="ConfigRuleName",
        attributes={
            "Arn": _arn("config", "config-rule/config-rule-{hex}"),
            "ConfigRuleId": "config-rule-{hex}",
            "Compliance.Type": "INSUFFICIENT_DATA",
        },
    ),
    stored_type("AWS::Config::ConfigurationRecorder", name_property="Name"),
    stored_type("AWS::Config::DeliveryChannel", name_property="Name"),
    stored_type(
        "AWS::Budgets::Budget",
        reference="{name}",
    ),
    stored_type(
        "AWS::CE::AnomalyMonitor",
        reference="arn:aws:ce::{account}:anomalymonitor/{uuid}",
        attributes={
            "MonitorArn": "arn:aws:ce::{account}:anomalymonitor/{uuid}",
            "CreationDate": "",
            "LastEvaluatedDate": "",
            "LastUpdatedDate": "",
            "DimensionalValueCount": "0",
        },
    ),
    stored_type(
        "AWS::CE::AnomalySubscription",
        reference="arn:aws:ce::{account}:anomalysubscription/{uuid}",
        attributes={
            "AccountId": "{account}",
            "SubscriptionArn": "arn:aws:ce::{account}:anomalysubscription/{uuid}",
        },
    ),
)

_PROTECTING = (
    stored_type(
        "AWS::KMS::Key",
        reference="{uuid}",
        attributes={"Arn": _arn("kms", "key/{uuid}"), "KeyId": "{uuid}"},
    ),
    stored_type("AWS::KMS::Alias", name_property="AliasName"),
    stored_type(
        "AWS::KMS::ReplicaKey",
        reference="{uuid}",
        attributes={"Arn": _arn("kms", "key/{uuid}"), "KeyId": "{uuid}"},
    ),
    stored_type(
        "AWS::AccessAnalyzer::Analyzer",
        name_property="AnalyzerName",
        reference=_arn("access-analyzer", "analyzer/{name}"),
        attributes={"Arn": _arn("access-analyzer", "analyzer/{name}")},
    ),
    stored_type("AWS::GuardDuty::Detector", reference="{hex}", attributes={"Id": "{hex}"}),
    stored_type(
        "AWS::SecurityHub::Hub",
        reference=_arn("securityhub", "hub/default"),
        attributes={"ARN": _arn("securityhub", "hub/default"), "SubscribedAt": ""},
    ),
    stored_type(
        "AWS::SecretsManager::RotationSchedule",
        name_property="SecretId",
        attributes={"Id": "{name}"},
    ),
    stored_type(
        "AWS::Backup::BackupVault",
        name_property="BackupVaultName",
        attributes={
            "BackupVaultArn": _arn("backup", "backup-vault:{name}"),
            "BackupVaultName": "{name}",
        },
    ),
    stored_type(
        "AWS::Backup::BackupPlan",
        reference="{uuid}",
        attributes={
            "BackupPlanArn": _arn("backup", "backup-plan:{uuid}"),
            "BackupPlanId": "{uuid}",
            "VersionId": "{suffix}",
        },
    ),
    stored_type(
        "AWS::Backup::BackupSelection",
        reference="{uuid}_{BackupPlanId}",
        attributes={
            "BackupPlanId": "{BackupPlanId}",
            "Id": "{uuid}_{BackupPlanId}",
            "SelectionId": "{uuid}",
        },
    ),
)

_NAMING = (
    stored_type("AWS::CDK::Metadata", reference="{uuid}"),
    stored_type(
        "AWS::ServiceCatalogAppRegistry::Application",
        name_property="Name",
        reference="{hex}",
        attributes={
            "Arn": _arn("servicecatalog", "/applications/{hex}"),
            "ApplicationName": "{name}",
            "ApplicationTagKey": "awsApplication",
            "ApplicationTagValue": _arn("resource-groups", "group/{name}/{hex}"),
            "Id": "{hex}",
        },
    ),
    stored_type(
        "AWS::ServiceCatalogAppRegistry::AttributeGroup",
        name_property="Name",
        reference="{hex}",
        attributes={"Arn": _arn("servicecatalog", "/attribute-groups/{hex}"), "Id": "{hex}"},
    ),
    stored_type(
        "AWS::ServiceCatalogAppRegistry::AttributeGroupAssociation",
        reference="{Application}|{AttributeGroup}",
        attributes={"ApplicationArn": "{Application}", "AttributeGroupArn": "{AttributeGroup}"},
    ),
    stored_type(
        "AWS::ServiceCatalogAppRegistry::ResourceAssociation",
        reference="{Application}|{Resource}|{ResourceType}",
        attributes={"ApplicationArn": "{Application}", "ResourceArn": "{Resource}"},
    ),
    stored_type(
        "AWS::ResourceGroups::Group",
        name_property="Name",
        attributes={"Arn": _arn("resource-groups", "group/{name}")},
    ),
    stored_type(
        "AWS::EventSchemas::Discoverer",
        reference=_arn("schemas", "discoverer/{uuid}"),
        attributes={
            "CrossAccount": "{CrossAccount}",
            "DiscovererArn": _arn("schemas", "discoverer/{uuid}"),
            "DiscovererId": "{uuid}",
            "State": "STOPPED",
        },
    ),
    stored_type(
        "AWS::EventSchemas::Registry",
        name_property="RegistryName",
        reference=_arn("schemas", "registry/{name}"),
        attributes={"RegistryArn": _arn("schemas", "registry/{name}"), "RegistryName": "{name}"},
    ),
    stored_type(
        "AWS::EventSchemas::RegistryPolicy",
        name_property="RegistryName",
        reference="{uuid}",
        attributes={"Id": "{uuid}"},
    ),
    stored_type(
        "AWS::EventSchemas::Schema",
        name_property="SchemaName",
        reference=_arn("schemas", "schema/{RegistryName}/{name}"),
        attributes={
            "LastModified": "",
            "SchemaArn": _arn("schemas", "schema/{RegistryName}/{name}"),
            "SchemaName": "{name}",
            "SchemaVersion": "1",
            "VersionCreatedDate": "",
        },
    ),
)

_SHIPPING = (
    stored_type(
        "AWS::ECR::Repository",
        name_property="RepositoryName",
        reference="{small}",
        attributes={
            "Arn": _arn("ecr", "repository/{small}"),
            "RepositoryUri": "{account}.dkr.ecr.{region}.amazonaws.com/{small}",
        },
    ),
    stored_type(
        "AWS::ECR::RegistryPolicy",
        reference="{account}",
        attributes={"RegistryId": "{account}"},
    ),
    stored_type(
        "AWS::Signer::SigningProfile",
        name_property="ProfileName",
        reference=_arn("signer", "/signing-profiles/{name}"),
        attributes={
            "Arn": _arn("signer", "/signing-profiles/{name}"),
            "ProfileName": "{name}",
            "ProfileVersion": "{suffix}",
            "ProfileVersionArn": _arn("signer", "/signing-profiles/{name}/{suffix}"),
        },
    ),
    stored_type("AWS::Signer::ProfilePermission", reference="{StatementId}|{ProfileName}"),
    stored_type("AWS::CodeDeploy::Application", name_property="ApplicationName"),
    stored_type("AWS::CodeDeploy::DeploymentConfig", name_property="DeploymentConfigName"),
    stored_type("AWS::CodeDeploy::DeploymentGroup", name_property="DeploymentGroupName"),
    stored_type(
        "AWS::ApplicationAutoScaling::ScalableTarget",
        reference="{ResourceId}|{ScalableDimension}|{ServiceNamespace}",
        attributes={"Id": "{ResourceId}|{ScalableDimension}|{ServiceNamespace}"},
    ),
    stored_type(
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        name_property="PolicyName",
        reference=_arn("autoscaling", "scalingPolicy:{uuid}:policyName/{name}"),
        attributes={"Arn": _arn("autoscaling", "scalingPolicy:{uuid}:policyName/{name}")},
    ),
)

TYPES = (*_WATCHING, *_PROTECTING, *_NAMING, *_SHIPPING)
