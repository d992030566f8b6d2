# Roles and policies: kept and shown as on AWS; nobody is refused by them here.

data "aws_iam_policy_document" "trust" {
  for_each = toset(["states", "lambda", "events", "scheduler", "apigateway"])
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["${each.key}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "machine" {
  name               = "${var.name}-machine"
  assume_role_policy = data.aws_iam_policy_document.trust["states"].json
}

data "aws_iam_policy_document" "machine" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.questions.arn]
  }
  statement {
    actions   = ["dynamodb:PutItem"]
    resources = [aws_dynamodb_table.verdicts.arn]
  }
  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.news.arn]
  }
}

resource "aws_iam_role_policy" "machine" {
  name   = "reach"
  role   = aws_iam_role.machine.id
  policy = data.aws_iam_policy_document.machine.json
}

resource "aws_iam_role" "function" {
  name               = "${var.name}-function"
  assume_role_policy = data.aws_iam_policy_document.trust["lambda"].json
}

resource "aws_iam_role_policy_attachment" "function" {
  role       = aws_iam_role.function.name
  policy_arn = "arn:${data.aws_partition.ours.partition}:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"
}

data "aws_iam_policy_document" "answer" {
  statement {
    actions   = ["states:SendTaskSuccess", "states:SendTaskFailure"]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "answer" {
  name   = "${var.name}-answer"
  policy = data.aws_iam_policy_document.answer.json
}

resource "aws_iam_role_policy_attachment" "answer" {
  role       = aws_iam_role.function.name
  policy_arn = aws_iam_policy.answer.arn
}

# What starts the machine: rules, schedules and APIs.
resource "aws_iam_role" "starter" {
  for_each           = toset(["events", "scheduler", "apigateway"])
  name               = "${var.name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.trust[each.key].json
}

data "aws_iam_policy_document" "start" {
  statement {
    actions   = ["states:StartExecution"]
    resources = [aws_sfn_state_machine.approval.arn]
  }
}

resource "aws_iam_role_policy" "start" {
  for_each = aws_iam_role.starter
  name     = "start"
  role     = each.value.id
  policy   = data.aws_iam_policy_document.start.json
}

# Who may put letters into the queue for what could not be delivered.
data "aws_iam_policy_document" "letters" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [local.letters_arn]
    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com"]
    }
  }
}
