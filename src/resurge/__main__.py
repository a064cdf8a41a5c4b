"""`python -m resurge`: the command, where it is not on the PATH."""

from resurge.cli import main

if __name__ == "__main__":
    main()
