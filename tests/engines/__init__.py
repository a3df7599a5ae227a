"""The contract that every engine passes."""
