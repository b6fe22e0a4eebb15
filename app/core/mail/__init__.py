"""Mail: written as jobs, sent by SMTP, or put into a folder in development."""
