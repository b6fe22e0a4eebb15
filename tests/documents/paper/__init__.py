"""PDFs, made for real and looked into."""
