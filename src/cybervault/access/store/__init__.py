"""What access keeps: tenants, keys with the digests of their secrets, and the audit."""
