"""`stepwell deploy`, `destroy` and `doctor`: what other tools packaged, put on a server.

A project is recognised (`projects`) and becomes stacks (`sources`): templates with files beside
them. The files go into a bucket under the hash of what is in them (`packaging`), and each stack is
deployed with a change set through the public API (`stacks`).
"""
