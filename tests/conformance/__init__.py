"""Recorded answers of AWS, played against a real server, with a floor that only rises."""
