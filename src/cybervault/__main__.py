"""`python -m cybervault` is the command `cybervault`."""

from cybervault.cli import main

if __name__ == "__main__":
    main()
