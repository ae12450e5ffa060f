"""``python -m tourplan`` is ``tourplan``."""

from tourplan.cli import main

if __name__ == "__main__":
    main()
