"""What AWS offers as `aws-sdk:<service>:<action>`, and what of it this server runs.

Of the services that this server has, `data/sdk_actions.json` lists every action with its parameters
and whether it runs here; `tools/sdk_actions.py` writes it. Of the others only the names are known,
so that one that AWS has can be told from one that nobody has. The names are those of AWS's SDK
for Java 2, which Step Functions uses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, cast

from stepwell.language.diagnostics import Diagnostic, schema_error
from stepwell.values import decode

PREFIX = "aws-sdk:"

_OTHER_NAMES = """
accessanalyzer account accountaccess accountaccessruntime acm acmpca agentregistry
agentregistrycontrol aiops amp amplify amplifybackend amplifyuibuilder apigateway
apigatewaymanagementapi apigatewayv2 appconfig appconfigdata appfabric appflow appintegrations
applicationautoscaling applicationcostprofiler applicationdiscovery applicationinsights
applicationsignals appmesh apprunner appstream appsync arcregionswitch arczonalshift artifact athena
auditmanager autoscaling autoscalingplans b2bi backup backupgateway backupsearch batch bcmdashboards
bcmdataexports bcmpricingcalculator bcmrecommendedactions bedrock bedrockagent bedrockagentcore
bedrockagentcorecontrol bedrockagentruntime bedrockdataautomation bedrockdataautomationruntime
bedrockruntime billing billingconductor braket budgets chatbot chime chimesdkidentity
chimesdkmediapipelines chimesdkmeetings chimesdkmessaging chimesdkvoice cleanrooms cleanroomsml
cloud9 cloudcontrol clouddirectory cloudformation cloudfront cloudfrontkeyvaluestore cloudhsm
cloudhsmv2 cloudsearch cloudsearchdomain cloudtrail cloudtraildata cloudwatch cloudwatchevents
cloudwatchlogs cloudwatchomni codeartifact codebuild codecatalyst codecommit codeconnections
codedeploy codeguruprofiler codegurureviewer codegurusecurity codepipeline codestarconnections
codestarnotifications cognitoidentity cognitoidentityprovider cognitosync comprehend
comprehendmedical computeoptimizer computeoptimizerautomation config connect connectcampaigns
connectcampaignsv2 connectcases connectcontactlens connecthealth connectparticipant
connectscheduling continuum controlcatalog controltower costandusagereport costexplorer
costoptimizationhub customerprofiles databasemigration databrew dataexchange datapipeline datasync
datazone dax deadline detective devicefarm devopsagent devopsguru directconnect directory
directoryservicedata dlm docdb docdbelastic drs dsql dynamodb dynamodbstreams ebs ec2
ec2instanceconnect ecr ecrpublic ecs efs eks eksauth elasticache elasticbeanstalk
elasticloadbalancing elasticloadbalancingv2 elasticsearch elastictranscoder elementalinference emr
emrcontainers emrserverless endusermessaging entityresolution eventbridge eventbridgev2 evidently
evs firehose fis fms forecast forecastquery frauddetector freetier fsx gamelift gameliftstreams
geomaps geoplaces georoutes glacier globalaccelerator glue grafana greengrass greengrassv2
groundstation guardduty health healthlake iam iamtoolbox identitystore imagebuilder importexport
inspector inspector2 inspectorscan interconnect internetmonitor invoicing iot iotanalytics
iotdataplane iotdeviceadvisor iotevents ioteventsdata iotfleetwise iotjobsdataplane
iotmanagedintegrations iotsecuretunneling iotsitewise iotthingsgraph iottwinmaker iotwireless ivs
ivschat ivsrealtime kafka kafkaconnect kendra kendraranking keyspaces keyspacesstreams kinesis
kinesisanalytics kinesisanalyticsv2 kinesisvideo kinesisvideoarchivedmedia kinesisvideomedia
kinesisvideosignaling kinesisvideowebrtcstorage kms lakeformation lambda lambdacore lambdamicrovms
lambdaweb launchwizard lexmodelbuilding lexmodelsv2 lexruntime lexruntimev2 licensemanager
licensemanagerlinuxsubscriptions licensemanagerusersubscriptions lightsail location lookoutequipment
lookoutmetrics lookoutvision m2 machinelearning macie2 mailmanager managedblockchain
managedblockchainquery marketplaceagreement marketplacecatalog marketplacecommerceanalytics
marketplacedeployment marketplacediscovery marketplaceentitlement marketplacemetering
marketplacereporting mediaconnect mediaconvert medialive mediapackage mediapackagev2 mediapackagevod
mediastore mediastoredata mediatailor medicalimaging memorydb mgn migrationhub migrationhubconfig
migrationhuborchestrator migrationhubrefactorspaces migrationhubstrategy mpa mq mturk mwaa
mwaaserverless neptune neptunedata neptunegraph networkfirewall networkflowmonitor networkmanager
networkmonitor networksecuritymanager notifications notificationscontacts novaact oam
observabilityadmin odb omics opensearch opensearchmemory opensearchserverless opsworks opsworkscm
organizations osis outposts partnercentralaccount partnercentralbenefits partnercentralchannel
partnercentralrevenuemeasurement partnercentralselling paymentcryptography paymentcryptographydata
pcaconnectorad pcaconnectorscep pcs personalize personalizeevents personalizeruntime pi pinpoint
pinpointemail pinpointsmsvoice pinpointsmsvoicev2 pipes polly pricing pricingplanmanager proton
qapps qbusiness qconnect qldb qldbsession quicksight ram rbin rds rdsdata redshift redshiftdata
redshiftserverless rekognition repostspace resiliencehub resiliencehubv2 resourceexplorer2
resourcegroups resourcegroupstaggingapi robomaker rolesanywhere route53 route53domains
route53globalresolver route53profiles route53recoverycluster route53recoverycontrolconfig
route53recoveryreadiness route53resolver rtbfabric rum s3 s3control s3files s3outposts s3tables
s3vectors sagemaker sagemakera2iruntime sagemakeredge sagemakerfeaturestoreruntime
sagemakergeospatial sagemakerinferencerouterruntime sagemakerjobruntime sagemakermetrics
sagemakerruntime sagemakertrainingsessionruntime savingsplans scheduler schemas secretsmanager
securityagent securityhub securityir securitylake serverlessapplicationrepository servicecatalog
servicecatalogappregistry servicediscovery servicequotas ses sesv2 shield signer signerdata signin
simpledb simpledbv2 snowball snowdevicemanagement sns socialmessaging ssm ssmcontacts ssmguiconnect
ssmincidents ssmquicksetup ssmsap sso ssoadmin ssooidc storagegateway supplychain support supportapp
supportauthz sustainability swf synthetics taxsettings textract timestreaminfluxdb timestreamquery
timestreamwrite transcribe transfer translate trustedadvisor uxc verifiedpermissions voiceid
vpclattice waf wafregional wafv2 wellarchitected wickr wisdom workdocs workmail workmailmessageflow
workspaces workspacesinstances workspacesthinclient workspacesweb xray
"""
_OTHER_SERVICES = frozenset(_OTHER_NAMES.split())


@dataclass(frozen=True, slots=True)
class Action:
    """The parameters of an action, and whether it runs here."""

    parameters: frozenset[str]
    required: tuple[str, ...]
    runs_here: bool


def _table() -> dict[str, dict[str, Action]]:
    path = files("stepwell.language") / "data" / "sdk_actions.json"
    rows = cast("dict[str, dict[str, list[Any]]]", decode(path.read_bytes()))
    return {
        service: {name: _action(*row) for name, row in actions.items()}
        for service, actions in rows.items()
    }


def _action(runs_here: bool, parameters: str) -> Action:
    names = parameters.split()
    return Action(
        parameters=frozenset(name.rstrip("*") for name in names),
        required=tuple(name[:-1] for name in names if name[-1] == "*"),
        runs_here=runs_here,
    )


ACTIONS: dict[str, dict[str, Action]] = _table()
"""Service -> action, of the services that this server has."""


def services() -> frozenset[str]:
    """The names of all services, as AWS's SDK has them."""
    return _OTHER_SERVICES | ACTIONS.keys()


def aws_has(service: str, action: str) -> bool:
    """Whether AWS knows it; of services that are not here any action is believed."""
    actions = ACTIONS.get(service)
    return service in _OTHER_SERVICES if actions is None else action in actions


def find(service: str, action: str) -> Action | None:
    """The action of a resource's service (`aws-sdk:sfn`), if the service is here."""
    if not service.startswith(PREFIX):
        return None
    return ACTIONS.get(service.removeprefix(PREFIX), {}).get(action)


def parameter_findings(action: Action, names: Iterable[str], location: str) -> list[Diagnostic]:
    """What AWS says against the names of an action's parameters."""
    given = frozenset(names)
    findings = [
        schema_error(f"The field '{name}' is required but was missing", location)
        for name in action.required
        if name not in given
    ]
    findings += [
        schema_error(
            f'The field "{name}" is not supported by Step Functions',
            location,
            _spelling(name, action),
        )
        for name in sorted(given - action.parameters)
    ]
    return findings


def _spelling(name: str, action: Action) -> str:
    """The name as Step Functions spells it, if only the spelling is wrong."""
    for parameter in sorted(action.parameters):
        if parameter.lower() == name.lower():
            return f"did you mean {parameter}? Names of parameters begin with a capital letter here"
    return ""
