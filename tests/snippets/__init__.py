"""snippets."""
