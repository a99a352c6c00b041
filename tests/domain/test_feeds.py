"""By which name a visit goes in feeds."""

from uuid import UUID, uuid4

from scheduler.domain.feeds import feed_uid


def test_a_visit_goes_by_another_name_in_feeds_than_in_its_invite() -> None:
    uid = UUID("0d9ac3b5-55a4-4f0e-9d9a-2f1f6f6f8a01")
    assert feed_uid(uid) == UUID("0d9ac3b5-55a4-4f0e-9d9a-497a0a0ba768")


def test_the_name_in_feeds_leads_back_to_that_of_the_invite() -> None:
    for _ in range(100):
        uid = uuid4()
        assert feed_uid(feed_uid(uid)) == uid != feed_uid(uid)


def test_both_are_random_uuids() -> None:
    uid = feed_uid(uuid4())
    assert (uid.version, uid.variant) == (4, uuid4().variant)
