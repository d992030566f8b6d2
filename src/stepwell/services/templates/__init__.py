"""Templates with variables in angle brackets, and the paths that lead to what they stand for."""
