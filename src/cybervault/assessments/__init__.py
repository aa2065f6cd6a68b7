"""The main story: target in, assessment out."""
