"""Secrets Manager: secrets with versions and stages."""
