"""Payloads: what given bytes are, what they name, and what in them stands out."""
