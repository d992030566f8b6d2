# What others made: imported, looked up, and a stack of templates; the state is in a bucket.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }

  backend "s3" {
    bucket                      = "states"
    key                         = "apps/one.tfstate"
    region                      = "us-east-1"
    access_key                  = "test"
    secret_key                  = "test"
    use_lockfile                = true
    use_path_style              = true
    skip_credentials_validation = true
    skip_metadata_api_check     = true
  }
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}

data "aws_caller_identity" "me" {}
data "aws_region" "here" {}
data "aws_partition" "ours" {}

locals {
  states = "arn:${data.aws_partition.ours.partition}:states:${data.aws_region.here.name}:${data.aws_caller_identity.me.account_id}"
}

resource "aws_sfn_state_machine" "found" {
  name     = "found"
  role_arn = data.aws_iam_role.found.arn
  definition = jsonencode({
    StartAt = "Done"
    States  = { Done = { Type = "Succeed" } }
  })
}

resource "aws_sqs_queue" "found" {
  name = "found"
}

resource "aws_cloudformation_stack" "stack" {
  name       = "inside"
  parameters = { Name = "by-stack" }
  tags       = { from = "terraform" }
  template_body = jsonencode({
    Parameters = { Name = { Type = "String" } }
    Resources = {
      Topic = { Type = "AWS::SNS::Topic", Properties = { TopicName = { Ref = "Name" } } }
    }
    Outputs = { Topic = { Value = { Ref = "Topic" }, Export = { Name = "topic" } } }
  })
}

data "aws_sqs_queue" "found" {
  name = aws_sqs_queue.found.name
}

data "aws_sqs_queues" "all" {
  queue_name_prefix = "fou"
}

data "aws_sfn_state_machine" "found" {
  name = aws_sfn_state_machine.found.name
}

data "aws_sfn_state_machine_versions" "found" {
  statemachine_arn = aws_sfn_state_machine.found.arn
}

data "aws_lambda_function" "found" {
  function_name = "found"
}

data "aws_lambda_functions" "all" {}

data "aws_iam_role" "found" {
  name = "found"
}

data "aws_iam_roles" "all" {
  name_regex = "^found$"
}

data "aws_sns_topic" "found" {
  name = "found"
}

data "aws_dynamodb_table" "found" {
  name = "found"
}

data "aws_dynamodb_table_item" "found" {
  table_name = "found"
  key        = jsonencode({ id = { S = "a" } })
}

data "aws_s3_bucket" "states" {
  bucket = "states"
}

data "aws_s3_object" "found" {
  bucket = "states"
  key    = "found.txt"
}

data "aws_s3_objects" "all" {
  bucket = "states"
  prefix = "found"
}

data "aws_ssm_parameter" "found" {
  name = "/found/it"
}

data "aws_ssm_parameters_by_path" "all" {
  path = "/found"
}

data "aws_secretsmanager_secret" "found" {
  name = "found"
}

data "aws_secretsmanager_secret_version" "found" {
  secret_id = data.aws_secretsmanager_secret.found.id
}

data "aws_secretsmanager_random_password" "any" {
  password_length = 12
}

data "aws_cloudwatch_log_group" "found" {
  name = "/found"
}

data "aws_cloudwatch_log_groups" "all" {
  log_group_name_prefix = "/fou"
}

data "aws_cloudwatch_event_bus" "default" {
  name = "default"
}

data "aws_api_gateway_rest_api" "found" {
  name = "found"
}

data "aws_apigatewayv2_apis" "all" {
  name = "found"
}

data "aws_cloudformation_stack" "stack" {
  name = aws_cloudformation_stack.stack.name
}

output "seen" {
  value = {
    machine   = data.aws_sfn_state_machine.found.arn == "${local.states}:stateMachine:found"
    versions  = data.aws_sfn_state_machine_versions.found.statemachine_versions
    queue     = data.aws_sqs_queue.found.url == aws_sqs_queue.found.url
    queues    = length(data.aws_sqs_queues.all.queue_urls)
    handler   = data.aws_lambda_function.found.handler
    functions = data.aws_lambda_functions.all.function_names
    roles     = length(data.aws_iam_roles.all.arns)
    topic     = data.aws_sns_topic.found.arn
    table     = data.aws_dynamodb_table.found.hash_key
    item      = jsondecode(data.aws_dynamodb_table_item.found.item).id.S
    text      = data.aws_s3_object.found.body
    objects   = data.aws_s3_objects.all.keys
    parameter = nonsensitive(data.aws_ssm_parameter.found.value)
    below     = data.aws_ssm_parameters_by_path.all.names
    secret    = nonsensitive(data.aws_secretsmanager_secret_version.found.secret_string)
    password  = length(nonsensitive(data.aws_secretsmanager_random_password.any.random_password))
    group     = data.aws_cloudwatch_log_group.found.retention_in_days
    groups    = length(data.aws_cloudwatch_log_groups.all.arns)
    bus       = data.aws_cloudwatch_event_bus.default.name
    rest      = data.aws_api_gateway_rest_api.found.root_resource_id != ""
    apis      = length(data.aws_apigatewayv2_apis.all.ids)
    stack     = data.aws_cloudformation_stack.stack.outputs
  }
}
