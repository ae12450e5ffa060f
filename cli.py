"""Launch tourplan from a checkout: ``python cli.py solve`` is ``tourplan solve``."""

from tourplan.cli import main

if __name__ == "__main__":
    main()
