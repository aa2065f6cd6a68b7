"""CyberVault API v3: scoped keys, tenants, one form of errors."""
