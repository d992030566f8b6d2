data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com", "states.amazonaws.com", "events.amazonaws.com", "pipes.amazonaws.com", "scheduler.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "any" {
  name                  = "wide"
  force_detach_policies = true
  assume_role_policy    = data.aws_iam_policy_document.trust.json
}

resource "aws_lambda_function" "work" {
  function_name                  = "wide-work"
  description                    = var.round
  role                           = aws_iam_role.any.arn
  runtime                        = local.first ? "python3.12" : "python3.13"
  handler                        = "decide.handler"
  filename                       = "${var.build}/decide.zip"
  source_code_hash               = filebase64sha256("${var.build}/decide.zip")
  timeout                        = local.first ? 10 : 20
  memory_size                    = local.first ? 128 : 256
  architectures                  = ["x86_64"]
  publish                        = true
  reserved_concurrent_executions = local.first ? 5 : 6
  ephemeral_storage {
    size = local.first ? 512 : 1024
  }
  dead_letter_config {
    target_arn = aws_sqs_queue.fifo_free.arn
  }
  tracing_config {
    mode = local.first ? "PassThrough" : "Active"
  }
  environment {
    variables = { ROUND = var.round }
  }
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = var.round
  function_name    = aws_lambda_function.work.function_name
  function_version = local.first ? "1" : "2"
  dynamic "routing_config" {
    for_each = local.first ? [] : [1]
    content {
      additional_version_weights = { "1" = 0.25 }
    }
  }
  depends_on = [aws_lambda_function.work]
}

resource "aws_lambda_function_url" "live" {
  function_name      = aws_lambda_function.work.function_name
  qualifier          = aws_lambda_alias.live.name
  authorization_type = local.first ? "AWS_IAM" : "NONE"
  invoke_mode        = "BUFFERED"
  cors {
    allow_credentials = true
    allow_origins     = ["https://example.com"]
    allow_methods     = ["GET", "POST"]
    allow_headers     = ["date", "keep-alive"]
    expose_headers    = ["keep-alive", "date"]
    max_age           = local.first ? 60 : 120
  }
}

resource "aws_lambda_permission" "topic" {
  statement_id  = "topic"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.work.function_name
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.news.arn
}

resource "aws_lambda_permission" "bucket" {
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.work.arn
  qualifier      = aws_lambda_alias.live.name
  principal      = "s3.amazonaws.com"
  source_account = data.aws_caller_identity.me.account_id
}

resource "aws_lambda_event_source_mapping" "stream" {
  event_source_arn                   = aws_dynamodb_table.rows.stream_arn
  function_name                      = aws_lambda_function.work.arn
  starting_position                  = "LATEST"
  batch_size                         = local.first ? 10 : 20
  maximum_batching_window_in_seconds = local.first ? 0 : 1
  maximum_retry_attempts             = 3
  bisect_batch_on_function_error     = true
  parallelization_factor             = 2
  maximum_record_age_in_seconds      = 3600
  enabled                            = local.first
  filter_criteria {
    filter {
      pattern = jsonencode({ eventName = [var.round] })
    }
  }
  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.fifo_free.arn
    }
  }
}

resource "aws_lambda_event_source_mapping" "queue" {
  event_source_arn = aws_sqs_queue.fifo_free.arn
  function_name    = aws_lambda_function.work.function_name
  enabled          = false
  scaling_config {
    maximum_concurrency = local.first ? 2 : 3
  }
}

resource "aws_lambda_function_event_invoke_config" "work" {
  function_name                = aws_lambda_function.work.function_name
  qualifier                    = "$LATEST"
  maximum_event_age_in_seconds = local.first ? 60 : 120
  maximum_retry_attempts       = 0
  destination_config {
    on_success {
      destination = aws_sns_topic.news.arn
    }
  }
}

resource "aws_lambda_provisioned_concurrency_config" "live" {
  function_name                     = aws_lambda_function.work.function_name
  qualifier                         = aws_lambda_alias.live.name
  provisioned_concurrent_executions = local.first ? 1 : 2
}

resource "aws_lambda_function_recursion_config" "work" {
  function_name  = aws_lambda_function.work.function_name
  recursive_loop = local.first ? "Allow" : "Terminate"
}

resource "aws_lambda_runtime_management_config" "work" {
  function_name     = aws_lambda_function.work.function_name
  update_runtime_on = local.first ? "FunctionUpdate" : "Auto"
}

resource "aws_lambda_layer_version" "words" {
  layer_name               = "wide-words"
  description              = "words"
  license_info             = "MIT"
  filename                 = "${var.build}/words.zip"
  source_code_hash         = filebase64sha256("${var.build}/words.zip")
  compatible_runtimes      = ["python3.12"]
  compatible_architectures = ["x86_64"]
}

resource "aws_lambda_layer_version_permission" "words" {
  layer_name     = aws_lambda_layer_version.words.layer_name
  version_number = aws_lambda_layer_version.words.version
  principal      = "*"
  action         = "lambda:GetLayerVersion"
  statement_id   = "everybody"
}

resource "aws_lambda_function" "echo" {
  function_name = "wide-echo"
  role          = aws_iam_role.any.arn
  runtime       = "python3.12"
  handler       = "decide.hello"
  s3_bucket     = aws_s3_object.decide.bucket
  s3_key        = aws_s3_object.decide.key
  layers        = [aws_lambda_layer_version.words.arn]
}

resource "aws_lambda_invocation" "echo" {
  function_name = aws_lambda_function.echo.function_name
  input         = jsonencode({ round = var.round })
}

data "aws_lambda_invocation" "echo" {
  function_name = aws_lambda_function.echo.function_name
  input         = "{}"
}
