"""Runs Lambda functions in processes of this machine: Lambda's Runtime API, pools, bootstraps."""
