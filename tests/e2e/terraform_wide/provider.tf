# As the example's.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

provider "aws" {
  region     = "us-east-1"
  access_key = "test"
  secret_key = "test"

  # The embedded services are asked under one address, and buckets by path rather than by host.
  s3_use_path_style           = true
  skip_metadata_api_check     = true
  skip_credentials_validation = true

  endpoints {
    apigateway     = var.endpoint
    apigatewayv2   = var.endpoint
    cloudformation = var.endpoint
    dynamodb       = var.endpoint
    events         = var.endpoint
    iam            = var.endpoint
    lambda         = var.endpoint
    logs           = var.endpoint
    pipes          = var.endpoint
    s3             = var.endpoint
    scheduler      = var.endpoint
    secretsmanager = var.endpoint
    sfn            = var.endpoint
    sns            = var.endpoint
    sqs            = var.endpoint
    ssm            = var.endpoint
    sts            = var.endpoint
  }

  default_tags {
    tags = { app = "wide", round = var.round }
  }
}

variable "endpoint" {
  type = string
}

variable "round" {
  description = "Another one changes something of nearly every resource, in place."
  type        = string
  default     = "one"
}

variable "build" {
  type    = string
  default = "build"
}

locals {
  first = var.round == "one"
}

data "aws_caller_identity" "me" {}
