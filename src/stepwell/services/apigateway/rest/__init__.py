"""REST APIs: the operations that configure them."""
