"""The one who holds the conversation with the caller."""
