"""Appeals: the form of their file, what a load does, and their states."""
