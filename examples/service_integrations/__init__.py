"""A machine speaks to a table, a queue and a topic itself, and waits for the queue's consumer.

The consumer is there three times: in Java, in Python, and for Node.
"""
