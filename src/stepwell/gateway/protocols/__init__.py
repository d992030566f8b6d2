"""AWS's wire protocols, one module each, behind the port in `port.py`."""
