"""Programs for who develops merpati."""
