"""All pages of the front desk."""

from scheduler.web.staff import (
    booking,
    calls,
    contacts,
    days,
    doors,
    finding,
    messages,
    moving,
    numbers,
    schedule,
    start,
    video,
    visits,
)

BLUEPRINTS = (
    doors.outside,
    doors.blueprint,
    start.blueprint,
    days.blueprint,
    visits.blueprint,
    video.blueprint,
    moving.blueprint,
    contacts.blueprint,
    booking.blueprint,
    finding.blueprint,
    schedule.blueprint,
    calls.blueprint,
    messages.blueprint,
    numbers.blueprint,
)
