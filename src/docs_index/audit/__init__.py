"""Holds index and disk against each other, and rebuilds the index from the disk."""
