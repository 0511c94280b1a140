"""Archives for programs that keep them open and answer many questions: lists a page at a time, counts by day."""

from crawler.archive.browsing.archive import BrowsableArchive
from crawler.archive.browsing.federation import BrowsableFederation
from crawler.archive.browsing.listings import ListedPost, Place

__all__ = ["BrowsableArchive", "BrowsableFederation", "ListedPost", "Place"]
