"""The rules of one call: events in, commands out; no clock, no waiting, no input or output."""
