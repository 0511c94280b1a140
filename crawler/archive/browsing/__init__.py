"""The archive for programs that keep it open and answer many questions: lists a page at a time, counts by day."""

from crawler.archive.browsing.archive import BrowsableArchive
from crawler.archive.browsing.listings import ListedPost, Place

__all__ = ["BrowsableArchive", "ListedPost", "Place"]
