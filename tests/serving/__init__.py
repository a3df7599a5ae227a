"""The parts of the HTTP server, each by itself."""
