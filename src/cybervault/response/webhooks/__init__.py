"""Webhooks: what happens is sent to where a tenant wants to hear of it, signed, and again until it was taken."""
