"""The desk: pages for who runs the service, behind an admin key."""
