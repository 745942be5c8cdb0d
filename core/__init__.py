"""The leaf of the house: settings, errors, words and forms that every room shares; imports nothing of ours."""
