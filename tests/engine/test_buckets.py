"""Token buckets: bursts, refills, reservations, and that they forget what tells nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from stepwell.engine.buckets import Buckets, Rate, RegionalRate, TokenBucket

NOW = 1_750_000_000_000


def taken(bucket: TokenBucket, at: int) -> int:
    """How many tokens there are at a time; none is left."""
    count = 0
    while bucket.take(at):
        count += 1
    return count


def test_a_new_bucket_is_full_and_gives_no_token_more() -> None:
    """Its size at once, and nothing after that in the same millisecond."""
    bucket = TokenBucket(Rate(5, 2), NOW)
    assert taken(bucket, NOW) == 5
    assert not bucket.take(NOW)


def test_tokens_come_back_to_the_millisecond() -> None:
    """Two a second: one after 500 ms, not after 499."""
    bucket = TokenBucket(Rate(5, 2), NOW)
    taken(bucket, NOW)
    assert not bucket.take(NOW + 499)
    assert bucket.take(NOW + 500)
    assert not bucket.take(NOW + 999)
    assert taken(bucket, NOW + 2_000) == 3


def test_it_holds_no_more_than_its_size() -> None:
    """However long nobody asked."""
    bucket = TokenBucket(Rate(5, 2), NOW)
    taken(bucket, NOW)
    assert taken(bucket, NOW + 365 * 24 * 3_600_000) == 5


def test_reservations_stand_in_line() -> None:
    """Each has its own time, the rate apart, and a token that was reserved is nobody else's."""
    bucket = TokenBucket(Rate(1, 4), NOW)
    assert [bucket.reserve(NOW) - NOW for _ in range(4)] == [0, 250, 500, 750]
    assert not bucket.take(NOW + 750)
    assert bucket.take(NOW + 1_000)


def test_a_reservation_is_due_in_whole_milliseconds() -> None:
    """Rounded up: three a second are 334 ms, 667 ms, 1,000 ms."""
    bucket = TokenBucket(Rate(1, 3), NOW)
    assert [bucket.reserve(NOW) - NOW for _ in range(4)] == [0, 334, 667, 1_000]


def test_a_clock_that_is_set_back_gives_and_takes_nothing() -> None:
    """The bucket goes on from the new time."""
    bucket = TokenBucket(Rate(2, 1), NOW)
    assert bucket.take(NOW)
    assert bucket.take(NOW - 3_600_000)
    assert not bucket.take(NOW - 3_600_000)
    assert bucket.take(NOW - 3_599_000)


@given(
    rate=some.builds(Rate, some.integers(1, 50), some.integers(1, 50)),
    pauses=some.lists(some.integers(0, 3_000), max_size=60),
)
def test_never_more_than_the_size_and_the_refill(rate: Rate, pauses: list[int]) -> None:
    """In any span of time, whenever it is asked."""
    bucket, at, taken_at = TokenBucket(rate, NOW), NOW, []
    for pause in pauses:
        at += pause
        if bucket.take(at):
            taken_at.append(at)
    for first, since in enumerate(taken_at):
        for count, until in enumerate(taken_at[first:], 1):
            assert count <= rate.size + (until - since) * rate.per_second / 1000


def test_three_regions_are_large() -> None:
    """Those that AWS's page names."""
    rate = RegionalRate(Rate(2, 2), Rate(1, 1))
    assert [rate.at(r).size for r in ("us-east-1", "us-west-2", "eu-west-1")] == [2, 2, 2]
    assert [rate.at(r).size for r in ("us-east-2", "eu-central-1", "")] == [1, 1, 1]


def test_full_buckets_are_forgotten_first() -> None:
    """A caller who invents accounts fills no memory, and frees nobody who has used up his own."""
    buckets, rate = Buckets(most=10), Rate(2, 1)
    buckets.of("busy", rate, NOW).take(NOW)
    for number in range(100):
        buckets.of(number, rate, NOW)
        assert len(buckets) <= 10
    assert taken(buckets.of("busy", rate, NOW), NOW) == 1


def test_where_all_are_in_use_the_oldest_go() -> None:
    """The memory stays bounded."""
    buckets, rate = Buckets(most=10), Rate(2, 1)
    for number in range(100):
        buckets.of(number, rate, NOW).take(NOW)
        assert len(buckets) <= 10
    assert taken(buckets.of(99, rate, NOW), NOW) == 1


def test_it_says_when_there_is_one_without_taking_it() -> None:
    """Now, or in whole milliseconds."""
    bucket = TokenBucket(Rate(2, 3), NOW)
    assert (bucket.next_at(NOW), bucket.left) == (NOW, 2)
    taken(bucket, NOW)
    assert (bucket.next_at(NOW), bucket.left) == (NOW + 334, 0)
    assert bucket.next_at(NOW + 333) == NOW + 334
    assert (bucket.next_at(NOW + 334), bucket.left) == (NOW + 334, 1)
    assert bucket.take(NOW + 334)
    bucket.reserve(NOW + 334)
    assert bucket.left == 0
