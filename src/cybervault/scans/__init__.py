"""Asynchronous scans: what may be scanned, how deep, by which engines, and what was seen and what was not looked at."""
