"""A document is split into chunks; the machine waits until the last chunk is done.

Two machines: one whose function decides the fate of its token at once, and the one it stands for,
where each chunk in a bucket starts a function and the last of them answers the token.
"""
