"""What we know ourselves, without asking anybody."""
