"""Lets `python -m crawler` do the same as `finews`."""

from crawler.cli import main

if __name__ == "__main__":
    main()
