"""Every call the daemon holds, from the first ring to the last record."""
