// Reads the objects named on standard input, one path a line, with ical.js; writes one JSON object a line
// about each: the instants of all of its events, and what else stands in the first.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

function first(calendar, event) {
  const attendee = event.component.getFirstProperty("attendee");
  return {
    method: calendar.getFirstPropertyValue("method") ?? "",
    uid: event.uid,
    sequence: event.sequence,
    starts: event.startDate.toUnixTime(),
    ends: event.endDate.toUnixTime(),
    status: event.component.getFirstPropertyValue("status") ?? "",
    summary: event.summary,
    description: event.description ?? "",
    location: event.location ?? "",
    organizer: event.organizer ?? "",
    attendee: attendee?.getFirstValue() ?? "",
    partstat: attendee?.getParameter("partstat") ?? "",
    conference: event.component.getFirstPropertyValue("conference") ?? "",
  };
}

function read(path) {
  const calendar = new ICAL.Component(ICAL.parse(readFileSync(path, "utf8")));
  const events = calendar.getAllSubcomponents("vevent").map((each) => new ICAL.Event(each));
  return {
    events: events.length,
    instants: events.map((each) => [each.startDate.toUnixTime(), each.endDate.toUnixTime()]),
    ...(events.length ? first(calendar, events[0]) : {}),
    faults: [],
  };
}

function orUnreadable(path) {
  try {
    return read(path);
  } catch (error) {
    return { events: 0, instants: [], faults: [String(error)] };
  }
}

const paths = readFileSync(0, "utf8").split("\n").filter(Boolean);
process.stdout.write(paths.map((path) => `${JSON.stringify(orUnreadable(path))}\n`).join(""));
