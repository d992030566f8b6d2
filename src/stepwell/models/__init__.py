"""What AWS says about its own services: shapes, members, limits, errors.

The data is botocore's, trimmed. The gateway drives its protocols by it, and tasks that call a
service through `aws-sdk:` name their parameters by it.
"""
