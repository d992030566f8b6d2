"""Expressions: tokens, parser, evaluation. No I/O, no knowledge of tables."""
