resource "aws_iam_role" "full" {
  name_prefix           = "wide-"
  path                  = "/wide/"
  description           = var.round
  max_session_duration  = local.first ? 3600 : 7200
  force_detach_policies = true
  permissions_boundary  = local.first ? aws_iam_policy.managed.arn : null
  assume_role_policy    = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_policy" "managed" {
  name        = "wide-managed"
  path        = "/wide/"
  description = "managed"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = var.round, Effect = "Allow", Action = "s3:*", Resource = "*" }]
  })
}

resource "aws_iam_role_policy" "inline" {
  name_prefix = "wide-"
  role        = aws_iam_role.full.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = var.round, Effect = "Allow", Action = "sqs:*", Resource = "*" }]
  })
}

resource "aws_iam_role_policy_attachment" "own" {
  role       = aws_iam_role.full.name
  policy_arn = aws_iam_policy.managed.arn
}

resource "aws_iam_role_policy_attachments_exclusive" "any" {
  role_name   = aws_iam_role.any.name
  policy_arns = [local.first ? "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole" : "arn:aws:iam::aws:policy/CloudWatchFullAccess"]
}

resource "aws_iam_role_policies_exclusive" "any" {
  role_name    = aws_iam_role.any.name
  policy_names = []
}

resource "aws_iam_instance_profile" "profile" {
  name = "wide"
  role = aws_iam_role.full.name
}

resource "aws_iam_user" "user" {
  name          = "wide"
  path          = local.first ? "/wide/" : "/"
  force_destroy = true
}

resource "aws_iam_user_policy" "inline" {
  name = "inline"
  user = aws_iam_user.user.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = var.round, Effect = "Allow", Action = "sqs:*", Resource = "*" }]
  })
}

resource "aws_iam_user_policy_attachment" "user" {
  user       = aws_iam_user.user.name
  policy_arn = aws_iam_policy.managed.arn
}

resource "aws_iam_access_key" "key" {
  user   = aws_iam_user.user.name
  status = local.first ? "Active" : "Inactive"
}

resource "aws_iam_group" "group" {
  name = "wide-${var.round}"
}

resource "aws_iam_group_policy" "group" {
  name  = "inline"
  group = aws_iam_group.group.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = var.round, Effect = "Allow", Action = "sqs:*", Resource = "*" }]
  })
}

resource "aws_iam_group_policy_attachment" "group" {
  group      = aws_iam_group.group.name
  policy_arn = aws_iam_policy.managed.arn
}

resource "aws_iam_user_group_membership" "user" {
  user   = aws_iam_user.user.name
  groups = [aws_iam_group.group.name]
}

resource "aws_iam_group_membership" "group" {
  name  = "wide"
  users = [aws_iam_user.user.name]
  group = aws_iam_group.group.name
}

resource "aws_iam_policy_attachment" "all" {
  name       = "wide"
  roles      = [aws_iam_role.full.name]
  policy_arn = aws_iam_policy.second.arn
}

resource "aws_iam_policy" "second" {
  name_prefix = "wide-"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sns:*", Resource = "*" }]
  })
}

resource "aws_iam_service_linked_role" "events" {
  aws_service_name = "apidestinations.events.amazonaws.com"
}

