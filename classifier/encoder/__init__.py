"""What builds the shipped encoder: weights, vocabulary, export, quantisation; with the extra `train` alone."""
