"""Screens that lie over the debugger's own."""
