"""Detection: what telemetry shows, and how much risk it adds up to."""
