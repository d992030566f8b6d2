resource "aws_s3_bucket" "plain" {
  bucket_prefix = "wide-"
}

resource "aws_s3_bucket" "full" {
  bucket        = "wide-full"
  force_destroy = true
}

resource "aws_s3_object" "decide" {
  bucket = aws_s3_bucket.full.bucket
  key    = "decide.zip"
  source = "${var.build}/decide.zip"
}

resource "aws_s3_object" "text" {
  bucket        = aws_s3_bucket.full.bucket
  key           = "a/b c.txt"
  content       = var.round
  content_type  = "text/plain"
  cache_control = "no-cache"
  metadata      = { round = var.round }
  tags          = { object = var.round }
  depends_on    = [aws_s3_bucket_versioning.full]
}

resource "aws_s3_object_copy" "text" {
  bucket     = aws_s3_bucket.full.bucket
  key        = "copy.txt"
  source     = "${aws_s3_object.text.bucket}/decide.zip"
  depends_on = [aws_s3_object.decide]
}

resource "aws_s3_bucket_versioning" "full" {
  bucket = aws_s3_bucket.full.id
  versioning_configuration {
    status = local.first ? "Enabled" : "Suspended"
  }
}

resource "aws_s3_bucket_policy" "full" {
  bucket = aws_s3_bucket.full.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = var.round
      Effect    = "Allow"
      Principal = { AWS = data.aws_caller_identity.me.account_id }
      Action    = "s3:GetObject"
      Resource  = "${aws_s3_bucket.full.arn}/*"
    }]
  })
}

resource "aws_s3_bucket_cors_configuration" "full" {
  bucket = aws_s3_bucket.full.id
  cors_rule {
    id              = var.round
    allowed_headers = ["*"]
    allowed_methods = ["PUT", "POST"]
    allowed_origins = ["https://example.com"]
    expose_headers  = ["ETag"]
    max_age_seconds = local.first ? 30 : 60
  }
  cors_rule {
    allowed_methods = ["GET"]
    allowed_origins = ["*"]
  }
}

resource "aws_s3_bucket_ownership_controls" "full" {
  bucket = aws_s3_bucket.full.id
  rule {
    object_ownership = local.first ? "BucketOwnerEnforced" : "BucketOwnerPreferred"
  }
}

resource "aws_s3_bucket_public_access_block" "full" {
  bucket            = aws_s3_bucket.full.id
  block_public_acls = local.first
}

resource "aws_s3_bucket_server_side_encryption_configuration" "full" {
  bucket = aws_s3_bucket.full.id
  rule {
    bucket_key_enabled = local.first
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_notification" "full" {
  bucket      = aws_s3_bucket.full.id
  eventbridge = local.first
  topic {
    topic_arn     = aws_sns_topic.news.arn
    events        = ["s3:ObjectRemoved:*"]
    filter_suffix = ".txt"
  }
  lambda_function {
    lambda_function_arn = aws_lambda_alias.live.arn
    events              = ["s3:ObjectCreated:Put"]
    filter_prefix       = var.round
  }
  depends_on = [aws_lambda_permission.bucket, aws_sns_topic_policy.news]
}

resource "aws_s3_bucket_request_payment_configuration" "full" {
  bucket = aws_s3_bucket.full.id
  payer  = "BucketOwner"
}

resource "aws_dynamodb_table" "rows" {
  name                        = "wide-rows"
  billing_mode                = "PROVISIONED"
  read_capacity               = local.first ? 5 : 6
  write_capacity              = 5
  hash_key                    = "pk"
  range_key                   = "sk"
  stream_enabled              = true
  stream_view_type            = "NEW_IMAGE"
  deletion_protection_enabled = false
  table_class                 = "STANDARD"

  attribute {
    name = "pk"
    type = "S"
  }
  attribute {
    name = "sk"
    type = "N"
  }
  attribute {
    name = "other"
    type = "B"
  }
  global_secondary_index {
    name               = "by-other"
    hash_key           = "other"
    range_key          = "sk"
    projection_type    = "INCLUDE"
    non_key_attributes = ["a"]
    read_capacity      = local.first ? 1 : 2
    write_capacity     = 1
  }
  local_secondary_index {
    name            = "local"
    range_key       = "other"
    projection_type = "KEYS_ONLY"
  }
  ttl {
    attribute_name = "until"
    enabled        = local.first
  }
  point_in_time_recovery {
    enabled = local.first
  }
  server_side_encryption {
    enabled = false
  }
}

resource "aws_dynamodb_table" "simple" {
  name         = "wide-simple"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
  dynamic "attribute" {
    for_each = local.first ? [] : [1]
    content {
      name = "later"
      type = "S"
    }
  }
  dynamic "global_secondary_index" {
    for_each = local.first ? [] : [1]
    content {
      name            = "later"
      hash_key        = "later"
      projection_type = "ALL"
    }
  }
}

resource "aws_dynamodb_table_item" "row" {
  table_name = aws_dynamodb_table.rows.name
  hash_key   = "pk"
  range_key  = "sk"
  item       = jsonencode({ pk = { S = "a" }, sk = { N = "1" }, round = { S = var.round } })
}

resource "aws_dynamodb_resource_policy" "simple" {
  resource_arn = aws_dynamodb_table.simple.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = var.round
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:root" }
      Action    = "dynamodb:GetItem"
      Resource  = aws_dynamodb_table.simple.arn
    }]
  })
}

resource "aws_ssm_parameter" "text" {
  name            = "/wide/text"
  description     = var.round
  type            = "String"
  value           = var.round
  tier            = local.first ? "Standard" : "Advanced"
  allowed_pattern = "^[a-z]+$"
}

resource "aws_ssm_parameter" "list" {
  name           = "wide-list"
  type           = "StringList"
  insecure_value = "a,b,${var.round}"
  data_type      = "text"
}

resource "aws_ssm_parameter" "secret" {
  name  = "/wide/secret"
  type  = "SecureString"
  value = var.round
}

resource "aws_secretsmanager_secret" "secret" {
  name_prefix             = "wide-"
  description             = var.round
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "secret" {
  secret_id     = aws_secretsmanager_secret.secret.id
  secret_string = var.round
}

resource "aws_secretsmanager_secret_policy" "secret" {
  secret_arn = aws_secretsmanager_secret.secret.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = var.round
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:root" }
      Action    = "secretsmanager:GetSecretValue"
      Resource  = "*"
    }]
  })
}
