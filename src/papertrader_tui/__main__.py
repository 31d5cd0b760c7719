"""`python -m papertrader_tui` is `papertrader`."""

import sys

from papertrader_tui.cli import main

if __name__ == "__main__":
    sys.exit(main())
