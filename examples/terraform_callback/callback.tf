# The machine, the queue it asks through, and the function that answers.

data "aws_caller_identity" "me" {}
data "aws_region" "here" {}
data "aws_partition" "ours" {}

locals {
  # Each queue's policy names the other queue, so one of them is named before it is there.
  queues        = "arn:${data.aws_partition.ours.partition}:sqs:${data.aws_region.here.name}:${data.aws_caller_identity.me.account_id}"
  letters_arn   = "${local.queues}:${var.name}-letters"
  questions_arn = "${local.queues}:${var.name}-questions"
}

resource "aws_sqs_queue" "letters" {
  name                      = "${var.name}-letters"
  message_retention_seconds = 1209600
  policy                    = data.aws_iam_policy_document.letters.json
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [local.questions_arn]
  })
}

resource "aws_sqs_queue" "questions" {
  name                       = "${var.name}-questions"
  visibility_timeout_seconds = 60
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.letters.arn
    maxReceiveCount     = 3
  })
}

resource "aws_cloudwatch_log_group" "executions" {
  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = 7
}

resource "aws_sfn_state_machine" "approval" {
  name     = "${var.name}-approval"
  role_arn = aws_iam_role.machine.arn
  publish  = true
  definition = templatefile("${path.module}/machine.asl.json", {
    queue_url        = aws_sqs_queue.questions.url
    table            = aws_dynamodb_table.verdicts.name
    topic            = aws_sns_topic.news.arn
    patience_seconds = var.patience_seconds
  })

  logging_configuration {
    log_destination        = "${aws_cloudwatch_log_group.executions.arn}:*"
    include_execution_data = true
    level                  = "ALL"
  }
}

resource "aws_sfn_alias" "live" {
  name = "live"
  routing_configuration {
    state_machine_version_arn = aws_sfn_state_machine.approval.state_machine_version_arn
    weight                    = 100
  }
}

resource "aws_sfn_activity" "by_hand" {
  name = "${var.name}-by-hand"
}

resource "aws_s3_object" "words" {
  bucket = aws_s3_bucket.documents.bucket
  key    = "code/words.zip"
  source = "${var.build}/words.zip"
  etag   = filemd5("${var.build}/words.zip")
}

resource "aws_lambda_layer_version" "words" {
  layer_name          = "${var.name}-words"
  s3_bucket           = aws_s3_object.words.bucket
  s3_key              = aws_s3_object.words.key
  source_code_hash    = filebase64sha256("${var.build}/words.zip")
  compatible_runtimes = ["python3.12"]
}

resource "aws_lambda_function" "decide" {
  function_name    = "${var.name}-decide"
  role             = aws_iam_role.function.arn
  runtime          = "python3.12"
  handler          = "decide.handler"
  filename         = "${var.build}/decide.zip"
  source_code_hash = filebase64sha256("${var.build}/decide.zip")
  timeout          = 30
  memory_size      = 256
  publish          = true
  layers           = [aws_lambda_layer_version.words.arn]

  environment {
    variables = { TABLE = aws_dynamodb_table.verdicts.name }
  }

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.decide.name
  }
}

resource "aws_cloudwatch_log_group" "decide" {
  name              = "/aws/lambda/${var.name}-decide"
  retention_in_days = 7
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.decide.function_name
  function_version = aws_lambda_function.decide.version
}

resource "aws_lambda_event_source_mapping" "questions" {
  event_source_arn        = aws_sqs_queue.questions.arn
  function_name           = aws_lambda_alias.live.arn
  batch_size              = 5
  function_response_types = ["ReportBatchItemFailures"]
}

resource "aws_lambda_function_event_invoke_config" "decide" {
  function_name          = aws_lambda_function.decide.function_name
  maximum_retry_attempts = 1
  destination_config {
    on_failure {
      destination = aws_sqs_queue.letters.arn
    }
  }
}
