"""The one loop: operations decide, one commit keeps, then callers are told."""
