"""Recordings: runs in files, written as they go, read back without running anything that the file says."""
