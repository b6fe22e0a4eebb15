"""What an organisation asks of links: rules by place, the content check, approval, and why somebody may open a link."""
