"""IAM: roles, policies, users, groups, instance profiles. Kept and shown, never enforced."""
