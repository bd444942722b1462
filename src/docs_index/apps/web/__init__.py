"""The documents report, and the index in a browser."""
