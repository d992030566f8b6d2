"""Amazon DynamoDB and its streams: durable, in the same transactions as the engine.

dynamodb.DynamoDb    the tables; `write_now` is for tasks, `streams` for event source mappings
records.TABLES       the tables of the store
"""

from stepwell.services.dynamodb.dynamodb import DynamoDb
from stepwell.services.dynamodb.records import TABLES

__all__ = ["TABLES", "DynamoDb"]
