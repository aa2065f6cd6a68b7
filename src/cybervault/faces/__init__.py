"""How it is spoken: HTTP to the core and back, nothing decided here."""
