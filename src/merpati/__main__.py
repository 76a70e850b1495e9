"""`python -m merpati` is `merpati`."""

from merpati.cli import main

if __name__ == "__main__":
    main()
