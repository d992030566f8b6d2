"""`stepwell check`: say what is wrong with definitions, offline."""
