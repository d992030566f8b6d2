"""API Gateway: REST APIs, HTTP APIs, and the requests that come in through them."""
