resource "aws_sfn_state_machine" "express" {
  name_prefix = "wide-"
  role_arn    = aws_iam_role.any.arn
  type        = "EXPRESS"
  definition = jsonencode({
    StartAt = "Say"
    States  = { Say = { Type = "Pass", Result = var.round, End = true } }
  })
  logging_configuration {
    level           = local.first ? "OFF" : "ERROR"
    log_destination = local.first ? null : "${aws_cloudwatch_log_group.group.arn}:*"
  }
  tracing_configuration {
    enabled = local.first
  }
}

resource "aws_sfn_state_machine" "jsonata" {
  name     = "wide-jsonata"
  role_arn = aws_iam_role.any.arn
  publish  = true
  definition = jsonencode({
    QueryLanguage = "JSONata"
    StartAt       = "Say"
    States        = { Say = { Type = "Pass", Output = "{% 1 + 1 %}", Comment = var.round, End = true } }
  })
}

resource "aws_sfn_alias" "both" {
  name        = "both"
  description = var.round
  routing_configuration {
    state_machine_version_arn = local.first ? aws_sfn_state_machine.jsonata.state_machine_version_arn : "${aws_sfn_state_machine.jsonata.arn}:1"
    weight                    = local.first ? 100 : 90
  }
  dynamic "routing_configuration" {
    for_each = local.first ? [] : [1]
    content {
      state_machine_version_arn = aws_sfn_state_machine.jsonata.state_machine_version_arn
      weight                    = 10
    }
  }
}

resource "aws_sfn_activity" "work" {
  name = "wide"
}
