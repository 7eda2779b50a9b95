"""The engine: watches a training run, remembers it, moves through it, and says what is wrong. Knows no screen."""
