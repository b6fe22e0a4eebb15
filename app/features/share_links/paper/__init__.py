"""The PDF of a link: ordered, made in a child process, and given each reader's own line as it leaves."""
