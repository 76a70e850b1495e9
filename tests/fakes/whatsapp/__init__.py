"""The fake WhatsApp: its cryptography, its locks, and what it does to a real client library."""
