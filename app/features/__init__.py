"""What Portico does, one folder per capability; none imports another."""
