// Reads the invites named on the command line with ical.js; writes one JSON object a line about each.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

for (const path of process.argv.slice(2)) {
  const calendar = new ICAL.Component(ICAL.parse(readFileSync(path, "utf8")));
  const events = calendar.getAllSubcomponents("vevent");
  const event = new ICAL.Event(events[0]);
  const attendee = events[0].getFirstProperty("attendee");
  console.log(JSON.stringify({
    events: events.length,
    method: calendar.getFirstPropertyValue("method") ?? "",
    uid: event.uid,
    sequence: event.sequence,
    starts: event.startDate.toUnixTime(),
    ends: event.endDate.toUnixTime(),
    status: events[0].getFirstPropertyValue("status") ?? "",
    summary: event.summary,
    description: event.description ?? "",
    location: event.location ?? "",
    organizer: event.organizer ?? "",
    attendee: attendee?.getFirstValue() ?? "",
    partstat: attendee?.getParameter("partstat") ?? "",
    conference: events[0].getFirstPropertyValue("conference") ?? "",
    faults: [],
  }));
}
