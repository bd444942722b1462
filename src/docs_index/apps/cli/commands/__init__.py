"""The commands, one file each: their options, and how they print their results."""
