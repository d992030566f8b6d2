resource "aws_sqs_queue" "fifo_free" {
  name_prefix                = "wide-"
  delay_seconds              = local.first ? 0 : 1
  max_message_size           = local.first ? 2048 : 4096
  message_retention_seconds  = 86400
  receive_wait_time_seconds  = local.first ? 10 : 5
  visibility_timeout_seconds = 120
  sqs_managed_sse_enabled    = false
}

resource "aws_sqs_queue" "fifo" {
  name                        = "wide.fifo"
  fifo_queue                  = true
  content_based_deduplication = true
  deduplication_scope         = "messageGroup"
  fifo_throughput_limit       = "perMessageGroupId"
}

resource "aws_sqs_queue_policy" "fifo" {
  queue_url = aws_sqs_queue.fifo.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = var.round
      Effect    = "Allow"
      Principal = "*"
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.fifo.arn
    }]
  })
}

resource "aws_sqs_queue" "dead_fifo" {
  name       = "wide-dead.fifo"
  fifo_queue = true
}

resource "aws_sqs_queue_redrive_policy" "fifo" {
  queue_url = aws_sqs_queue.fifo.id
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_fifo.arn
    maxReceiveCount     = local.first ? 4 : 5
  })
}

resource "aws_sqs_queue_redrive_allow_policy" "dead_fifo" {
  queue_url = aws_sqs_queue.dead_fifo.id
  redrive_allow_policy = local.first ? jsonencode({ redrivePermission = "allowAll" }) : jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.fifo.arn]
  })
}

resource "aws_sns_topic" "news" {
  name              = "wide-news"
  display_name      = var.round
  signature_version = 2
  tracing_config    = local.first ? "PassThrough" : "Active"
  delivery_policy = jsonencode({
    http = {
      defaultHealthyRetryPolicy = {
        minDelayTarget     = 20
        maxDelayTarget     = 20
        numRetries         = 3
        numMaxDelayRetries = 0
        numNoDelayRetries  = 0
        numMinDelayRetries = 0
        backoffFunction    = "linear"
      }
      disableSubscriptionOverrides = false
    }
  })
}

resource "aws_sns_topic_policy" "news" {
  arn = aws_sns_topic.news.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = var.round
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.news.arn
    }]
  })
}

resource "aws_sns_topic" "fifo" {
  name                        = "wide.fifo"
  fifo_topic                  = true
  content_based_deduplication = local.first
}

resource "aws_sns_topic_subscription" "function" {
  topic_arn           = aws_sns_topic.news.arn
  protocol            = "lambda"
  endpoint            = aws_lambda_function.work.arn
  filter_policy       = jsonencode({ round = [var.round] })
  filter_policy_scope = local.first ? "MessageAttributes" : "MessageBody"
  redrive_policy      = jsonencode({ deadLetterTargetArn = aws_sqs_queue.fifo_free.arn })
}

resource "aws_sns_topic_subscription" "web" {
  topic_arn = aws_sns_topic.news.arn
  protocol  = "http"
  endpoint  = "http://127.0.0.1:9/never"
  delivery_policy = jsonencode({
    healthyRetryPolicy = { minDelayTarget = 20, maxDelayTarget = 20, numRetries = local.first ? 3 : 4 }
  })
}

resource "aws_cloudwatch_log_group" "group" {
  name              = "/wide/group"
  retention_in_days = local.first ? 7 : 14
  log_group_class   = "STANDARD"
  skip_destroy      = false
}

resource "aws_cloudwatch_log_stream" "stream" {
  name           = "stream"
  log_group_name = aws_cloudwatch_log_group.group.name
}

resource "aws_cloudwatch_log_resource_policy" "policy" {
  policy_name = "wide"
  policy_document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = var.round
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource  = "arn:aws:logs:*"
    }]
  })
}
