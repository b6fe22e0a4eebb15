"""Finding links among many: lists, filters, words, tallies and the risk board."""
