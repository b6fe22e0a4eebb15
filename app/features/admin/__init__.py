"""What administrators manage: people, groups, connections, settings, jobs."""
