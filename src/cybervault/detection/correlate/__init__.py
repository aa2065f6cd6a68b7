"""Correlation: what many events say together that none of them says alone."""
