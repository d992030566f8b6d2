"""Templates and the resource types they are made of, without any server.

A template is read, its intrinsic functions are evaluated and its resources put in order here; a
resource type says what a resource's properties mean in calls of AWS's APIs. Who keeps stacks
(`services.cloudformation`) and who looks at a template beforehand (`stepwell doctor`) read the same
table of types (`catalog`), so that what one promises the other does.
"""
