variable "endpoint" {
  description = "Where Stepwell listens."
  type        = string
  default     = "http://127.0.0.1:4566"
}

variable "region" {
  type    = string
  default = "us-east-1"
}

variable "name" {
  description = "What the names of all resources begin with."
  type        = string
  default     = "approvals"
}

variable "build" {
  description = "Folder with decide.zip and words.zip; see README.md."
  type        = string
  default     = "build"
}

variable "patience_seconds" {
  description = "How long the machine waits for the answer."
  type        = number
  default     = 3600
}
