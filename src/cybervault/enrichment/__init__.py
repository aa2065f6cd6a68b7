"""Asking others: connectors declare and read, the lookup asks."""
