"""Requests that come to APIs: matched, checked, handed to integrations, answered."""
