"""The commands, one file each: what each takes, and how it shows what it finds."""
