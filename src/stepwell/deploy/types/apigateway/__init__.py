"""REST APIs and what belongs to them."""

from stepwell.deploy.types.apigateway import kept, keys, methods, parts, rest_api, stages

TYPES = (
    *rest_api.TYPES,
    *methods.TYPES,
    *stages.TYPES,
    *parts.TYPES,
    *keys.TYPES,
    *kept.TYPES,
)
