# Who is told, and what starts the machine: a rule, a schedule, two APIs, an address of a function.

resource "aws_sns_topic" "news" {
  name = "${var.name}-news"
}

resource "aws_sns_topic_subscription" "letters" {
  topic_arn            = aws_sns_topic.news.arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.letters.arn
  raw_message_delivery = true
}

resource "aws_cloudwatch_event_bus" "orders" {
  name = "${var.name}-orders"
}

resource "aws_cloudwatch_event_rule" "ordered" {
  name           = "${var.name}-ordered"
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  event_pattern  = jsonencode({ source = ["shop"], detail-type = ["ordered"] })
}

resource "aws_cloudwatch_event_target" "machine" {
  rule           = aws_cloudwatch_event_rule.ordered.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  arn            = aws_sfn_state_machine.approval.arn
  role_arn       = aws_iam_role.starter["events"].arn
  input_path     = "$.detail"
}

resource "aws_scheduler_schedule_group" "all" {
  name = var.name
}

resource "aws_scheduler_schedule" "nightly" {
  name                = "${var.name}-nightly"
  group_name          = aws_scheduler_schedule_group.all.name
  schedule_expression = "cron(0 3 * * ? *)"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = aws_sfn_state_machine.approval.arn
    role_arn = aws_iam_role.starter["scheduler"].arn
    input    = jsonencode({ order = "nightly" })
  }
}

resource "aws_api_gateway_rest_api" "rest" {
  name = "${var.name}-rest"
}

resource "aws_api_gateway_resource" "orders" {
  rest_api_id = aws_api_gateway_rest_api.rest.id
  parent_id   = aws_api_gateway_rest_api.rest.root_resource_id
  path_part   = "orders"
}

resource "aws_api_gateway_method" "post" {
  rest_api_id   = aws_api_gateway_rest_api.rest.id
  resource_id   = aws_api_gateway_resource.orders.id
  http_method   = "POST"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "start" {
  rest_api_id             = aws_api_gateway_rest_api.rest.id
  resource_id             = aws_api_gateway_resource.orders.id
  http_method             = aws_api_gateway_method.post.http_method
  type                    = "AWS"
  integration_http_method = "POST"
  uri                     = "arn:aws:apigateway:${data.aws_region.here.name}:states:action/StartExecution"
  credentials             = aws_iam_role.starter["apigateway"].arn
  request_templates = {
    "application/json" = <<-VTL
      {"stateMachineArn": "${aws_sfn_alias.live.arn}", "input": "$util.escapeJavaScript($input.json('$'))"}
    VTL
  }
}

resource "aws_api_gateway_method_response" "ok" {
  rest_api_id = aws_api_gateway_rest_api.rest.id
  resource_id = aws_api_gateway_resource.orders.id
  http_method = aws_api_gateway_method.post.http_method
  status_code = "200"
}

resource "aws_api_gateway_integration_response" "ok" {
  rest_api_id = aws_api_gateway_rest_api.rest.id
  resource_id = aws_api_gateway_resource.orders.id
  http_method = aws_api_gateway_method.post.http_method
  status_code = aws_api_gateway_method_response.ok.status_code
  depends_on  = [aws_api_gateway_integration.start]
}

resource "aws_api_gateway_deployment" "rest" {
  rest_api_id = aws_api_gateway_rest_api.rest.id
  triggers = {
    again = sha1(jsonencode([
      aws_api_gateway_resource.orders.id,
      aws_api_gateway_method.post.id,
      aws_api_gateway_integration.start.request_templates,
      aws_api_gateway_integration_response.ok.id,
    ]))
  }
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "rest" {
  rest_api_id   = aws_api_gateway_rest_api.rest.id
  deployment_id = aws_api_gateway_deployment.rest.id
  stage_name    = "dev"
}

resource "aws_apigatewayv2_api" "http" {
  name          = "${var.name}-http"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "start" {
  api_id              = aws_apigatewayv2_api.http.id
  integration_type    = "AWS_PROXY"
  integration_subtype = "StepFunctions-StartExecution"
  credentials_arn     = aws_iam_role.starter["apigateway"].arn
  request_parameters = {
    StateMachineArn = aws_sfn_state_machine.approval.arn
    Input           = "$request.body"
  }
}

resource "aws_apigatewayv2_route" "start" {
  api_id    = aws_apigatewayv2_api.http.id
  route_key = "POST /orders"
  target    = "integrations/${aws_apigatewayv2_integration.start.id}"
}

resource "aws_apigatewayv2_stage" "http" {
  api_id      = aws_apigatewayv2_api.http.id
  name        = "$default"
  auto_deploy = true
}

resource "aws_lambda_function" "hello" {
  function_name    = "${var.name}-hello"
  role             = aws_iam_role.function.arn
  runtime          = "python3.12"
  handler          = "decide.hello"
  filename         = "${var.build}/decide.zip"
  source_code_hash = filebase64sha256("${var.build}/decide.zip")
  layers           = [aws_lambda_layer_version.words.arn]

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.decide.name
  }
}

resource "aws_lambda_function_url" "hello" {
  function_name      = aws_lambda_function.hello.function_name
  authorization_type = "NONE"
}

resource "aws_lambda_permission" "rule" {
  statement_id  = "rule"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.hello.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.ordered.arn
}
