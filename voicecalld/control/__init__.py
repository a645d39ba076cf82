"""The socket on which the daemon takes orders from its operator."""
