"""Export: what a screen shows, as files for elsewhere."""
