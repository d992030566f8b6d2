"""The programs that run inside a function's process. Nothing of the server imports them."""
