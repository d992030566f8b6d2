"""Amazon S3: buckets and objects in the same store as everything else.

An object's bytes are rows of the store, written in one transaction with its index entry, so that
what was acknowledged survives the end of the process at any instant, on either store.
"""
