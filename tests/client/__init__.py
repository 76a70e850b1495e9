"""The client of API v1, against the real application."""
