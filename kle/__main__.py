"""`python -m kle` is `kle`."""

from kle.cli import main

main()
