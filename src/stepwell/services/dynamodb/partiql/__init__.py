"""PartiQL as DynamoDB has it: statements parsed into the conditions and updates of expressions."""
