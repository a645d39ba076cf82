"""The words the daemon and its control program say to one another."""
