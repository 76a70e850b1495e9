"""`python -m merpati` is `merpati`."""

from merpati.cli import main

main()
