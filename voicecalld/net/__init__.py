"""How messages reach other programs, and at what pace; only here are connections opened."""
