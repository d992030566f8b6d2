"""Amazon SQS: standard and FIFO queues, durable, in the same transactions as the engine.

queues.Queues    the live queues; `send` is for the engine
api.service      the operations for the gateway
records.TABLES   the tables
limits.Settings  what the operator may turn
"""

from stepwell.services.sqs.api import service
from stepwell.services.sqs.limits import Settings
from stepwell.services.sqs.queues import Queues
from stepwell.services.sqs.records import TABLES

__all__ = ["TABLES", "Queues", "Settings", "service"]
