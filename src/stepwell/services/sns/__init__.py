"""SNS: topics, subscriptions, filters, and what is handed on to them."""
