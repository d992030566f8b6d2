"""HTTP APIs: the operations that configure them (API Gateway v2)."""
