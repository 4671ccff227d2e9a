"""The shared words: frozen, typed values without I/O."""
