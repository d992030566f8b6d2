resource "aws_api_gateway_rest_api" "rest" {
  name                         = "wide-${var.round}"
  description                  = var.round
  binary_media_types           = ["image/png"]
  api_key_source               = "HEADER"
  disable_execute_api_endpoint = !local.first
  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_rest_api_policy" "rest" {
  rest_api_id = aws_api_gateway_rest_api.rest.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = var.round
      Effect    = "Allow"
      Principal = "*"
      Action    = "execute-api:Invoke"
      Resource  = "${aws_api_gateway_rest_api.rest.execution_arn}/*"
    }]
  })
}

resource "aws_api_gateway_resource" "thing" {
  rest_api_id = aws_api_gateway_rest_api.rest.id
  parent_id   = aws_api_gateway_rest_api.rest.root_resource_id
  path_part   = "things-${var.round}"
}

resource "aws_api_gateway_model" "thing" {
  rest_api_id  = aws_api_gateway_rest_api.rest.id
  name         = "thing"
  description  = var.round
  content_type = "application/json"
  schema       = jsonencode({ type = "object", title = var.round })
}

resource "aws_api_gateway_request_validator" "body" {
  rest_api_id           = aws_api_gateway_rest_api.rest.id
  name                  = "body-${var.round}"
  validate_request_body = local.first
}

resource "aws_api_gateway_authorizer" "token" {
  rest_api_id                      = aws_api_gateway_rest_api.rest.id
  name                             = "token-${var.round}"
  type                             = "TOKEN"
  authorizer_uri                   = aws_lambda_function.work.invoke_arn
  identity_validation_expression   = local.first ? "a.*" : "b.*"
  authorizer_result_ttl_in_seconds = local.first ? 0 : 10
}

resource "aws_api_gateway_authorizer" "request" {
  rest_api_id     = aws_api_gateway_rest_api.rest.id
  name            = "request"
  type            = "REQUEST"
  authorizer_uri  = aws_lambda_function.work.invoke_arn
  identity_source = "method.request.header.x-key"
}

resource "aws_api_gateway_method" "post" {
  rest_api_id          = aws_api_gateway_rest_api.rest.id
  resource_id          = aws_api_gateway_resource.thing.id
  http_method          = "POST"
  authorization        = "CUSTOM"
  authorizer_id        = aws_api_gateway_authorizer.token.id
  api_key_required     = local.first
  request_validator_id = aws_api_gateway_request_validator.body.id
  request_models       = { "application/json" = aws_api_gateway_model.thing.name }
  request_parameters   = { "method.request.querystring.${var.round}" = local.first }
  operation_name       = "Post${var.round}"
}

resource "aws_api_gateway_integration" "post" {
  rest_api_id             = aws_api_gateway_rest_api.rest.id
  resource_id             = aws_api_gateway_resource.thing.id
  http_method             = aws_api_gateway_method.post.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = aws_lambda_function.work.invoke_arn
  timeout_milliseconds    = local.first ? 29000 : 5000
  content_handling        = "CONVERT_TO_TEXT"
  request_parameters      = { "integration.request.header.x-round" = "'${var.round}'" }
}

resource "aws_api_gateway_method" "get" {
  rest_api_id   = aws_api_gateway_rest_api.rest.id
  resource_id   = aws_api_gateway_resource.thing.id
  http_method   = "GET"
  authorization = local.first ? "NONE" : "AWS_IAM"
}

resource "aws_api_gateway_integration" "get" {
  rest_api_id          = aws_api_gateway_rest_api.rest.id
  resource_id          = aws_api_gateway_resource.thing.id
  http_method          = aws_api_gateway_method.get.http_method
  type                 = "MOCK"
  request_templates    = { "application/json" = "{\"statusCode\": 200, \"round\": \"${var.round}\"}" }
  cache_key_parameters = []
}

resource "aws_api_gateway_method_response" "get" {
  rest_api_id         = aws_api_gateway_rest_api.rest.id
  resource_id         = aws_api_gateway_resource.thing.id
  http_method         = aws_api_gateway_method.get.http_method
  status_code         = "200"
  response_models     = { "application/json" = local.first ? "Empty" : "Error" }
  response_parameters = { "method.response.header.x-round" = local.first }
}

resource "aws_api_gateway_integration_response" "get" {
  rest_api_id         = aws_api_gateway_rest_api.rest.id
  resource_id         = aws_api_gateway_resource.thing.id
  http_method         = aws_api_gateway_method.get.http_method
  status_code         = aws_api_gateway_method_response.get.status_code
  selection_pattern   = local.first ? null : "2.."
  response_templates  = { "application/json" = var.round }
  response_parameters = { "method.response.header.x-round" = "'${var.round}'" }
  depends_on          = [aws_api_gateway_integration.get]
}

resource "aws_api_gateway_gateway_response" "denied" {
  rest_api_id         = aws_api_gateway_rest_api.rest.id
  response_type       = "UNAUTHORIZED"
  status_code         = local.first ? "401" : "403"
  response_templates  = { "application/json" = jsonencode({ round = var.round }) }
  response_parameters = { "gatewayresponse.header.x" = "'${var.round}'" }
}

resource "aws_api_gateway_deployment" "rest" {
  rest_api_id = aws_api_gateway_rest_api.rest.id
  description = var.round
  triggers    = { round = var.round }
  depends_on  = [aws_api_gateway_integration.get, aws_api_gateway_integration.post]
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "dev" {
  rest_api_id          = aws_api_gateway_rest_api.rest.id
  deployment_id        = aws_api_gateway_deployment.rest.id
  stage_name           = "dev"
  description          = var.round
  variables            = { round = var.round }
  xray_tracing_enabled = local.first
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.group.arn
    format          = "$context.requestId ${var.round}"
  }
}

resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = aws_api_gateway_rest_api.rest.id
  stage_name  = aws_api_gateway_stage.dev.stage_name
  method_path = "*/*"
  settings {
    metrics_enabled        = local.first
    logging_level          = local.first ? "INFO" : "ERROR"
    throttling_burst_limit = 10
    throttling_rate_limit  = local.first ? 5 : 6
  }
}

resource "aws_api_gateway_account" "account" {
  cloudwatch_role_arn = aws_iam_role.any.arn
}

resource "aws_api_gateway_api_key" "key" {
  name        = "wide-${var.round}"
  description = var.round
  enabled     = local.first
}

resource "aws_api_gateway_usage_plan" "plan" {
  name        = "wide-${var.round}"
  description = var.round
  api_stages {
    api_id = aws_api_gateway_rest_api.rest.id
    stage  = aws_api_gateway_stage.dev.stage_name
  }
  quota_settings {
    limit  = local.first ? 20 : 30
    offset = 2
    period = "WEEK"
  }
  throttle_settings {
    burst_limit = 5
    rate_limit  = local.first ? 10 : 11
  }
}

resource "aws_api_gateway_usage_plan_key" "key" {
  key_id        = aws_api_gateway_api_key.key.id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.plan.id
}

resource "aws_api_gateway_rest_api" "described" {
  name = "wide-described"
  body = jsonencode({
    openapi = "3.0.1"
    info    = { title = "wide-described", version = var.round }
    paths = {
      "/path" = {
        get = {
          responses = { "200" = { description = "ok" } }
          x-amazon-apigateway-integration = {
            type                 = "MOCK"
            payloadFormatVersion = "1.0"
            requestTemplates     = { "application/json" = "{\"statusCode\": 200}" }
          }
        }
      }
    }
  })
}

resource "aws_apigatewayv2_api" "http" {
  name                         = "wide-${var.round}"
  description                  = var.round
  protocol_type                = "HTTP"
  version                      = var.round
  disable_execute_api_endpoint = !local.first
  cors_configuration {
    allow_origins = ["https://example.com"]
    allow_methods = ["GET"]
    allow_headers = ["x-a"]
    max_age       = local.first ? 10 : 20
  }
}

resource "aws_apigatewayv2_authorizer" "function" {
  api_id                            = aws_apigatewayv2_api.http.id
  name                              = "function-${var.round}"
  authorizer_type                   = "REQUEST"
  authorizer_uri                    = aws_lambda_function.work.invoke_arn
  authorizer_payload_format_version = "2.0"
  authorizer_result_ttl_in_seconds  = local.first ? 0 : 10
  enable_simple_responses           = true
  identity_sources                  = ["$request.header.Authorization"]
}

resource "aws_apigatewayv2_integration" "function" {
  api_id                 = aws_apigatewayv2_api.http.id
  description            = var.round
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.work.invoke_arn
  payload_format_version = local.first ? "2.0" : "1.0"
  timeout_milliseconds   = local.first ? 5000 : 6000
}

resource "aws_apigatewayv2_integration" "web" {
  api_id             = aws_apigatewayv2_api.http.id
  integration_type   = "HTTP_PROXY"
  integration_uri    = "https://example.com/{proxy}"
  integration_method = local.first ? "GET" : "ANY"
  request_parameters = { "append:header.x-round" = var.round }
  response_parameters {
    status_code = 404
    mappings    = { "overwrite:statuscode" = "204" }
  }
  dynamic "response_parameters" {
    for_each = local.first ? [] : [1]
    content {
      status_code = 500
      mappings    = { "append:header.x-round" = var.round }
    }
  }
}

resource "aws_apigatewayv2_route" "function" {
  api_id             = aws_apigatewayv2_api.http.id
  route_key          = "POST /${var.round}"
  operation_name     = "post"
  authorization_type = "CUSTOM"
  authorizer_id      = aws_apigatewayv2_authorizer.function.id
  target             = "integrations/${aws_apigatewayv2_integration.function.id}"
}

resource "aws_apigatewayv2_route" "default" {
  api_id    = aws_apigatewayv2_api.http.id
  route_key = "$default"
  target    = "integrations/${aws_apigatewayv2_integration.web.id}"
}

resource "aws_apigatewayv2_deployment" "http" {
  api_id      = aws_apigatewayv2_api.http.id
  description = var.round
  depends_on  = [aws_apigatewayv2_route.default]
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_apigatewayv2_stage" "dev" {
  api_id          = aws_apigatewayv2_api.http.id
  name            = "dev"
  description     = var.round
  deployment_id   = aws_apigatewayv2_deployment.http.id
  stage_variables = { round = var.round }
  default_route_settings {
    throttling_burst_limit = 10
    throttling_rate_limit  = local.first ? 5 : 6
  }
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.group.arn
    format          = "$context.requestId"
  }
}

resource "aws_apigatewayv2_api" "quick" {
  name          = "wide-quick"
  protocol_type = "HTTP"
  target        = aws_lambda_function.work.arn
}
