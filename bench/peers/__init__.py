"""Small Flask programs that Portico is measured against: what a reader may take for the price of Flask itself."""
