"""What the app can do, a subject a file; the app takes all of them in."""
