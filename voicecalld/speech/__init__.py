"""Turns the caller's sound into words, and the agent's words into sound."""
