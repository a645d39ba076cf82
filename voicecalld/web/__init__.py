"""What carriers can reach: one port for webhooks and media streams, and all that guards it."""
