"""A user is registered in three systems at once; what fails is tried again, or all is rolled back.

Parallel of three functions, each with Retry; Catch of everything into the rollback.
"""
