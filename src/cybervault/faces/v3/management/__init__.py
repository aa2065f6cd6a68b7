"""Keys, service accounts, users and the audit, managed over HTTP."""
