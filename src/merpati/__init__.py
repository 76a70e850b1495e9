"""merpati: an open, self-hosted WhatsApp gateway. Start at ARCHITECTURE.md; the words are in docs/glossary.md."""

__version__ = "0.1.0"
