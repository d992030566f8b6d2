"""A machine hands its records to a queue; a function takes them in batches and answers each one.

Between machine and function: a queue with delay, visibility, retention and dead letters.
"""
