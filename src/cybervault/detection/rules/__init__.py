"""Rules: read from files, checked, and kept in packs."""
