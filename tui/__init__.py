"""The terminal: the command, the screens, and what they show."""
