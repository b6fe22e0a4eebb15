"""Reading the audit trail: filters, pages, export."""
