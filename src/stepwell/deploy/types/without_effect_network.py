"""Types that are stored without effect: networks, names and what stands before an API.

Everything runs on one machine, so there is nothing to route between. What would run in a network
(instances, load balancers, content delivery) is refused.
"""

from __future__ import annotations

from stepwell.deploy.resource_type import ResourceType
from stepwell.deploy.stored import Shown, stored_type


def _ec2(name: str, prefix: str, id_attribute: str | None = "Id", **others: Shown) -> ResourceType:
    """A type of EC2, whose ids are a prefix and seventeen digits."""
    own: dict[str, Shown] = {} if id_attribute is None else {id_attribute: f"{prefix}-{{hex}}"}
    return stored_type(
        f"AWS::EC2::{name}", reference=f"{prefix}-{{hex}}", attributes={**own, **others}
    )


_PLUMBING = (
    _ec2(
        "VPC",
        "vpc",
        "VpcId",
        CidrBlock="{CidrBlock}",
        CidrBlockAssociations=("vpc-cidr-assoc-{hex}",),
        DefaultNetworkAcl="acl-{hex}",
        DefaultSecurityGroup="sg-{hex}",
        Ipv6CidrBlocks=(),
    ),
    _ec2("VPCCidrBlock", "vpc-cidr-assoc"),
    _ec2(
        "Subnet",
        "subnet",
        "SubnetId",
        AvailabilityZone="{AvailabilityZone}",
        AvailabilityZoneId="{AvailabilityZoneId}",
        CidrBlock="{CidrBlock}",
        Ipv6CidrBlocks=(),
        NetworkAclAssociationId="aclassoc-{hex}",
        OutpostArn="",
        VpcId="{VpcId}",
    ),
    _ec2("SecurityGroup", "sg", "GroupId", Id="sg-{hex}", VpcId="{VpcId}"),
    _ec2("SecurityGroupEgress", "sgr"),
    _ec2("SecurityGroupIngress", "sgr"),
    _ec2("InternetGateway", "igw", "InternetGatewayId"),
    _ec2("EgressOnlyInternetGateway", "eigw"),
    stored_type(
        "AWS::EC2::VPCGatewayAttachment",
        reference="IGW|{VpcId}",
        attributes={"AttachmentType": "IGW"},
    ),
    _ec2("RouteTable", "rtb", "RouteTableId"),
    stored_type(
        "AWS::EC2::Route",
        reference="{RouteTableId}|{DestinationCidrBlock}",
        attributes={"CidrBlock": "{DestinationCidrBlock}"},
    ),
    _ec2("SubnetRouteTableAssociation", "rtbassoc"),
    _ec2("NatGateway", "nat", "NatGatewayId"),
    stored_type(
        "AWS::EC2::EIP",
        reference="192.0.2.1",
        attributes={"AllocationId": "eipalloc-{hex}", "PublicIp": "192.0.2.1"},
    ),
    _ec2(
        "VPCEndpoint",
        "vpce",
        CreationTimestamp="",
        DnsEntries=(),
        NetworkInterfaceIds=(),
    ),
    _ec2("VPCPeeringConnection", "pcx"),
    _ec2("NetworkAcl", "acl"),
    _ec2("NetworkAclEntry", "acle"),
    _ec2("SubnetNetworkAclAssociation", "aclassoc", "AssociationId"),
    _ec2("DHCPOptions", "dopt", "DhcpOptionsId"),
    stored_type("AWS::EC2::VPCDHCPOptionsAssociation", reference="{DhcpOptionsId}|{VpcId}"),
    _ec2("FlowLog", "fl"),
    stored_type(
        "AWS::EC2::PrefixList",
        reference="pl-{hex}",
        attributes={
            "Arn": "arn:aws:ec2:{region}:{account}:prefix-list/pl-{hex}",
            "OwnerId": "{account}",
            "PrefixListId": "pl-{hex}",
            "Version": "1",
        },
    ),
)

_NAMES = (
    stored_type(
        "AWS::CertificateManager::Certificate",
        reference="arn:aws:acm:{region}:{account}:certificate/{uuid}",
    ),
    stored_type(
        "AWS::Route53::HealthCheck", reference="{uuid}", attributes={"HealthCheckId": "{uuid}"}
    ),
    stored_type(
        "AWS::Route53::HostedZone",
        name_property="Name",
        reference="Z{suffix}",
        attributes={
            "Id": "Z{suffix}",
            "NameServers": ("ns-1.example.com", "ns-2.example.net"),
        },
    ),
    stored_type("AWS::Route53::RecordSet", name_property="Name"),
    stored_type("AWS::Route53::RecordSetGroup"),
)


def _waf(name: str, resource: str, **others: Shown) -> ResourceType:
    """A type of WAF: its reference has name, id and scope."""
    return stored_type(
        f"AWS::WAFv2::{name}",
        name_property="Name",
        reference="{name}|{uuid}|{Scope}",
        attributes={
            "Arn": f"arn:aws:wafv2:{{region}}:{{account}}:regional/{resource}/{{name}}/{{uuid}}",
            "Id": "{uuid}",
            **others,
        },
    )


_GUARDS = (
    _waf("IPSet", "ipset"),
    stored_type("AWS::WAFv2::LoggingConfiguration", name_property="ResourceArn"),
    _waf("RegexPatternSet", "regexpatternset"),
    _waf("RuleGroup", "rulegroup", LabelNamespace="awswaf:{account}:rulegroup:{name}:"),
    _waf("WebACL", "webacl", Capacity="0", LabelNamespace="awswaf:{account}:webacl:{name}:"),
    stored_type(
        "AWS::WAFv2::WebACLAssociation",
        name_property="ResourceArn",
        reference="{ResourceArn}|{WebACLArn}",
    ),
)

TYPES = (*_PLUMBING, *_NAMES, *_GUARDS)
