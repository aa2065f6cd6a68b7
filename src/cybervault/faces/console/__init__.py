"""The built web console and its headers."""
