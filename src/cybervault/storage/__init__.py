"""Rows on disk: the one database and its schema."""
