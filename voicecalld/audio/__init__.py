"""Sound as values: mu-law and PCM bytes in, bytes and facts out; no files, no clock."""
