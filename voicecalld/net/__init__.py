"""How messages reach other programs: the only package that opens outbound connections."""
