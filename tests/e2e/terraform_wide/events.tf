resource "aws_cloudwatch_event_bus" "bus" {
  name        = "wide"
  description = var.round
}

resource "aws_cloudwatch_event_bus_policy" "bus" {
  event_bus_name = aws_cloudwatch_event_bus.bus.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = var.round
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:root" }
      Action    = "events:PutEvents"
      Resource  = aws_cloudwatch_event_bus.bus.arn
    }]
  })
}

resource "aws_cloudwatch_event_permission" "other" {
  principal    = "444455556666"
  statement_id = "other"
}

resource "aws_cloudwatch_event_archive" "archive" {
  name             = "wide"
  description      = var.round
  event_source_arn = aws_cloudwatch_event_bus.bus.arn
  event_pattern    = jsonencode({ source = [var.round] })
  retention_days   = local.first ? 1 : 2
}

resource "aws_cloudwatch_event_connection" "basic" {
  name               = "wide-basic"
  authorization_type = "BASIC"
  auth_parameters {
    basic {
      username = "user"
      password = var.round
    }
    invocation_http_parameters {
      header {
        key             = "x-round"
        value           = var.round
        is_value_secret = false
      }
    }
  }
}

resource "aws_cloudwatch_event_connection" "key" {
  name               = "wide-key"
  description        = var.round
  authorization_type = "API_KEY"
  auth_parameters {
    api_key {
      key   = "x-key"
      value = "secret"
    }
  }
}

resource "aws_cloudwatch_event_connection" "oauth" {
  name               = "wide-oauth"
  authorization_type = "OAUTH_CLIENT_CREDENTIALS"
  auth_parameters {
    oauth {
      authorization_endpoint = "https://example.com/token"
      http_method            = "POST"
      client_parameters {
        client_id     = "me"
        client_secret = "secret"
      }
      oauth_http_parameters {
        body {
          key   = "scope"
          value = var.round
        }
      }
    }
  }
}

resource "aws_cloudwatch_event_api_destination" "web" {
  name                             = "wide"
  description                      = var.round
  invocation_endpoint              = "https://example.com/${var.round}"
  http_method                      = "POST"
  invocation_rate_limit_per_second = local.first ? 10 : 20
  connection_arn                   = aws_cloudwatch_event_connection.key.arn
}

resource "aws_cloudwatch_event_rule" "pattern" {
  name           = "wide-pattern"
  description    = var.round
  event_bus_name = aws_cloudwatch_event_bus.bus.name
  state          = local.first ? "ENABLED" : "DISABLED"
  event_pattern  = jsonencode({ source = [var.round] })
}

resource "aws_cloudwatch_event_rule" "clock" {
  name_prefix         = "wide-"
  schedule_expression = local.first ? "rate(1 hour)" : "cron(0 12 * * ? *)"
}

resource "aws_cloudwatch_event_target" "machine" {
  rule           = aws_cloudwatch_event_rule.pattern.name
  event_bus_name = aws_cloudwatch_event_bus.bus.name
  target_id      = "machine"
  arn            = aws_sfn_state_machine.jsonata.arn
  role_arn       = aws_iam_role.any.arn
  input_transformer {
    input_paths    = { source = "$.source" }
    input_template = "{\"from\": \"<source>\", \"round\": \"${var.round}\"}"
  }
  dead_letter_config {
    arn = aws_sqs_queue.fifo_free.arn
  }
  retry_policy {
    maximum_event_age_in_seconds = local.first ? 60 : 120
    maximum_retry_attempts       = 2
  }
}

resource "aws_cloudwatch_event_target" "web" {
  rule           = aws_cloudwatch_event_rule.pattern.name
  event_bus_name = aws_cloudwatch_event_bus.bus.name
  arn            = aws_cloudwatch_event_api_destination.web.arn
  role_arn       = aws_iam_role.any.arn
  http_target {
    header_parameters       = { round = var.round }
    query_string_parameters = { a = "b" }
  }
}

resource "aws_cloudwatch_event_target" "fifo" {
  rule  = aws_cloudwatch_event_rule.clock.name
  arn   = aws_sqs_queue.fifo.arn
  input = jsonencode({ round = var.round })
  sqs_target {
    message_group_id = "a"
  }
}

resource "aws_cloudwatch_event_target" "logs" {
  rule = aws_cloudwatch_event_rule.clock.name
  arn  = aws_cloudwatch_log_group.group.arn
}

resource "aws_scheduler_schedule_group" "group" {
  name_prefix = "wide-"
}

resource "aws_scheduler_schedule" "queue" {
  name                         = "wide-queue"
  description                  = var.round
  group_name                   = aws_scheduler_schedule_group.group.name
  schedule_expression          = local.first ? "rate(1 hour)" : "rate(2 hours)"
  schedule_expression_timezone = local.first ? "UTC" : "Europe/Berlin"
  start_date                   = "2100-01-01T00:00:00Z"
  end_date                     = "2101-01-01T00:00:00Z"
  state                        = local.first ? "ENABLED" : "DISABLED"
  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = local.first ? 15 : 30
  }
  target {
    arn      = aws_sqs_queue.fifo.arn
    role_arn = aws_iam_role.any.arn
    input    = var.round
    sqs_parameters {
      message_group_id = var.round
    }
    dead_letter_config {
      arn = aws_sqs_queue.fifo_free.arn
    }
    retry_policy {
      maximum_event_age_in_seconds = 60
      maximum_retry_attempts       = local.first ? 1 : 2
    }
  }
}

resource "aws_scheduler_schedule" "bus" {
  name                = "wide-bus"
  schedule_expression = "at(2100-01-01T00:00:00)"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = aws_cloudwatch_event_bus.bus.arn
    role_arn = aws_iam_role.any.arn
    input    = jsonencode({ round = var.round })
    eventbridge_parameters {
      detail_type = var.round
      source      = "wide"
    }
  }
}

resource "aws_scheduler_schedule" "any" {
  name                = "wide-any"
  schedule_expression = "rate(7 days)"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"
    role_arn = aws_iam_role.any.arn
    input    = jsonencode({ QueueUrl = aws_sqs_queue.fifo_free.url, MessageBody = var.round })
  }
}

resource "aws_pipes_pipe" "pipe" {
  name          = "wide"
  description   = var.round
  role_arn      = aws_iam_role.any.arn
  source        = aws_dynamodb_table.rows.stream_arn
  target        = aws_sfn_state_machine.jsonata.arn
  desired_state = local.first ? "STOPPED" : "RUNNING"
  source_parameters {
    dynamodb_stream_parameters {
      starting_position = "LATEST"
      batch_size        = local.first ? 1 : 2
    }
    filter_criteria {
      filter {
        pattern = jsonencode({ eventName = [var.round] })
      }
    }
  }
  target_parameters {
    input_template = jsonencode({ round = var.round })
    step_function_state_machine_parameters {
      invocation_type = "FIRE_AND_FORGET"
    }
  }
}
