"""Models of other makers in the form of the `transformers` library; they need torch, from the extra `torch`."""
