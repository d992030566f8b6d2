"""Durable tables behind one port: memory, SQLite, PostgreSQL."""
