"""Weighing: evidence to score and verdict, and the words around it."""
