"""CyberVault API v1: keys, flat errors, calls above the limit wait their turn."""
