# What the app keeps.

resource "aws_dynamodb_table" "verdicts" {
  name             = "${var.name}-verdicts"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "order"
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"

  attribute {
    name = "order"
    type = "S"
  }
  attribute {
    name = "verdict"
    type = "S"
  }
  global_secondary_index {
    name            = "by-verdict"
    hash_key        = "verdict"
    projection_type = "ALL"
  }
  ttl {
    attribute_name = "until"
    enabled        = true
  }
}

resource "aws_dynamodb_table_item" "first" {
  table_name = aws_dynamodb_table.verdicts.name
  hash_key   = aws_dynamodb_table.verdicts.hash_key
  item       = jsonencode({ order = { S = "the first" }, verdict = { S = "approved" } })
}

resource "aws_s3_bucket" "documents" {
  bucket        = "${var.name}-documents-${data.aws_caller_identity.me.account_id}"
  force_destroy = true
}

resource "aws_s3_bucket_versioning" "documents" {
  bucket = aws_s3_bucket.documents.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_public_access_block" "documents" {
  bucket                  = aws_s3_bucket.documents.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "documents" {
  bucket = aws_s3_bucket.documents.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_notification" "documents" {
  bucket      = aws_s3_bucket.documents.id
  eventbridge = true
  queue {
    queue_arn     = aws_sqs_queue.letters.arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "inbox/"
  }
}

resource "aws_ssm_parameter" "machine" {
  name  = "/${var.name}/machine"
  type  = "String"
  value = aws_sfn_state_machine.approval.arn
}

resource "aws_secretsmanager_secret" "key" {
  name                    = "${var.name}/key"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "key" {
  secret_id     = aws_secretsmanager_secret.key.id
  secret_string = jsonencode({ key = "to be changed" })
}
