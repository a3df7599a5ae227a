"""The client that programs use, against a served archive and against servers that misbehave."""
