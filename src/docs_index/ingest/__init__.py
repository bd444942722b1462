"""From a finished build to directories and rows."""
