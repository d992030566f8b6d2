"""HTTP APIs and what belongs to them; domain names, which are kept without effect."""

from stepwell.deploy.stored import stored_type
from stepwell.deploy.types.apigatewayv2 import api, routes, stages

_DOMAINS = (
    stored_type(
        "AWS::ApiGatewayV2::DomainName",
        name_property="DomainName",
        attributes={
            "DomainNameArn": "arn:aws:apigateway:{region}::/domainnames/{name}",
            "RegionalDomainName": "d-{suffix}.execute-api.{region}.amazonaws.com",
            "RegionalHostedZoneId": "Z2OJLYMUO9EFXC",
        },
    ),
    stored_type("AWS::ApiGatewayV2::ApiMapping", attributes={"ApiMappingId": "{name}"}),
)

TYPES = (*api.TYPES, *routes.TYPES, *stages.TYPES, *_DOMAINS)
