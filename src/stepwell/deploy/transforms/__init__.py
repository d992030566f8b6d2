"""Transforms: what changes a template before it is evaluated.

`include` puts snippets from S3 in, `extensions` carries out the language extensions, `sam` the
serverless transform; `carrying_out` knows the order. Everything else is refused by name.
"""
