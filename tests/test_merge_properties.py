"""What holds of merging whatever was archived: order does not matter, nor repeating it, and nothing is lost."""

from __future__ import annotations

from archives_made import HISTORIES, archive, copy_of, into, merged, said_by
from hypothesis import given, settings
from profiles import examples

from crawler.archive.care import integrity

EXAMPLES = settings(max_examples=examples(20), deadline=None)


@given(HISTORIES, HISTORIES)
@EXAMPLES
def test_merging_one_archive_into_another_is_the_same_as_the_other_way_round(first, second):
    one, other = archive(1, first), archive(2, second)
    assert said_by(into(copy_of(one), other)) == said_by(into(copy_of(other), one))


@given(HISTORIES)
@EXAMPLES
def test_an_archive_that_is_merged_into_an_empty_one_is_the_same_there(history):
    one = archive(1, history)
    assert said_by(merged(one)) == said_by(one)


@given(HISTORIES, HISTORIES)
@EXAMPLES
def test_merging_again_changes_nothing(first, second):
    both = merged(archive(1, first), archive(2, second))
    before = said_by(both)
    assert said_by(into(both, archive(2, second))) == before
    assert said_by(into(both, copy_of(both))) == before


@given(HISTORIES, HISTORIES, HISTORIES)
@EXAMPLES
def test_archives_may_be_merged_in_any_order_and_by_way_of_others(first, second, third):
    one, two, three = archive(1, first), archive(2, second), archive(3, third)
    expected = said_by(merged(one, two, three))
    assert said_by(merged(three, one, two)) == expected
    assert said_by(merged(two, merged(three, one, number=98))) == expected


@given(HISTORIES, HISTORIES, HISTORIES, HISTORIES)
@EXAMPLES
def test_a_copy_that_goes_its_own_way_is_an_archive_like_any_other(common, first, second, third):
    before = archive(1, common)
    one, other, stranger = archive(1, first, before), archive(1, second, before, 7), archive(2, third)
    expected = said_by(merged(one, other, stranger))
    assert said_by(merged(other, merged(stranger, one, number=98))) == expected
    assert said_by(into(copy_of(one), merged(stranger, other))) == expected


@given(HISTORIES, HISTORIES)
@EXAMPLES
def test_what_was_merged_is_sound(first, second):
    both = merged(archive(1, first), archive(2, second))
    assert [*integrity.damage(both), *integrity.losses(both), *integrity.staleness(both)] == []
