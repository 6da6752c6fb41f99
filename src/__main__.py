"""`python -m doorward` is the command `doorward`."""

from doorward.interfaces.cli.entry import main

if __name__ == "__main__":
    main()
