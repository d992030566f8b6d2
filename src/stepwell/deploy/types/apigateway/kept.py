"""What templates say of REST APIs that this server keeps without acting on it.

An API with a domain of its own is reached by its other names all the same.
"""

from __future__ import annotations

from stepwell.deploy.stored import stored_type

_ZONE = "Z2OJLYMUO9EFXC"
_DISTRIBUTION = "d{suffix}.cloudfront.net"

TYPES = (
    stored_type(
        "AWS::ApiGateway::DomainName",
        name_property="DomainName",
        attributes={
            "DistributionDomainName": _DISTRIBUTION,
            "DistributionHostedZoneId": "Z2FDTNDATAQYW2",
            "DomainNameArn": "arn:aws:apigateway:{region}::/domainnames/{name}",
            "RegionalDomainName": "d-{suffix}.execute-api.{region}.amazonaws.com",
            "RegionalHostedZoneId": _ZONE,
        },
    ),
    stored_type("AWS::ApiGateway::BasePathMapping"),
    stored_type("AWS::ApiGateway::ClientCertificate", attributes={"ClientCertificateId": "{name}"}),
    stored_type("AWS::ApiGateway::DocumentationPart", attributes={"DocumentationPartId": "{name}"}),
    stored_type("AWS::ApiGateway::DocumentationVersion", name_property="DocumentationVersion"),
)
