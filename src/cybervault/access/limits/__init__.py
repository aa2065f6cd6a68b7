"""How often a caller may ask: what is published, how it is counted, and what the headers say of it."""
