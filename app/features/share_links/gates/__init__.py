"""What a visitor passes before a link opens: the gates, their limits and records, the opening and its grant."""
