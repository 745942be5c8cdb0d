"""What makes the archive provable: digests of rows, the check of the chain and of all that it speaks for."""
