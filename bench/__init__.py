"""What Portico costs beside named peers in the same run; only ratios within one run mean anything."""
