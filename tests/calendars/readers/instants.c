/* Reads the objects named on standard input, one path a line, with libical; writes one JSON object a line
   about each: the instants of all of its events, and what else stands in the first. "faults" are those that libical's tables of RFC 5546 (icalrestriction_check) and its parser find. */
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *contents(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        exit(2);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = calloc(1, (size_t)size + 1);
    if (fread(text, 1, (size_t)size, file) != (size_t)size)
        exit(2);
    fclose(file);
    return text;
}

static void quoted(const char *text)
{
    putchar('"');
    for (const unsigned char *at = (const unsigned char *)(text ? text : ""); *at; at++) {
        if (*at == '"' || *at == '\\' || *at < 0x20)
            printf("\\u%04x", *at);
        else
            putchar(*at);
    }
    putchar('"');
}

static void field(const char *name, const char *text)
{
    printf(", \"%s\": ", name);
    quoted(text);
}

static const char *value(icalcomponent *component, icalproperty_kind kind)
{
    icalproperty *property = icalcomponent_get_first_property(component, kind);
    return property ? icalproperty_get_value_as_string(property) : "";
}

static int faults(icalcomponent *component, int count)
{
    icalproperty *fault = icalcomponent_get_first_property(component, ICAL_XLICERROR_PROPERTY);
    for (; fault; fault = icalcomponent_get_next_property(component, ICAL_XLICERROR_PROPERTY)) {
        if (count++)
            printf(", ");
        quoted(icalproperty_get_xlicerror(fault));
    }
    icalcomponent *inner = icalcomponent_get_first_component(component, ICAL_ANY_COMPONENT);
    for (; inner; inner = icalcomponent_get_next_component(component, ICAL_ANY_COMPONENT))
        count = faults(inner, count);
    return count;
}

static long long instant(icaltimetype time)
{
    return (long long)icaltime_as_timet_with_zone(time, icaltimezone_get_utc_timezone());
}

static void instants(icalcomponent *calendar)
{
    icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
    printf("{\"events\": %d, \"instants\": [", icalcomponent_count_components(calendar, ICAL_VEVENT_COMPONENT));
    for (int count = 0; event; count++) {
        printf("%s[%lld, %lld]", count ? ", " : "", instant(icalcomponent_get_dtstart(event)),
               instant(icalcomponent_get_dtend(event)));
        event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT);
    }
    putchar(']');
}

static void first(icalcomponent *calendar, icalcomponent *event)
{
    icalproperty *attendee = icalcomponent_get_first_property(event, ICAL_ATTENDEE_PROPERTY);
    printf(", \"starts\": %lld", instant(icalcomponent_get_dtstart(event)));
    printf(", \"ends\": %lld", instant(icalcomponent_get_dtend(event)));
    printf(", \"sequence\": %d", icalcomponent_get_sequence(event));
    field("method", value(calendar, ICAL_METHOD_PROPERTY));
    field("uid", icalcomponent_get_uid(event));
    field("status", value(event, ICAL_STATUS_PROPERTY));
    field("summary", icalcomponent_get_summary(event));
    field("description", icalcomponent_get_description(event));
    field("location", icalcomponent_get_location(event));
    field("organizer", value(event, ICAL_ORGANIZER_PROPERTY));
    field("attendee", attendee ? icalproperty_get_attendee(attendee) : "");
    field("partstat", attendee ? icalproperty_get_parameter_as_string(attendee, "PARTSTAT") : "");
    field("conference", value(event, ICAL_CONFERENCE_PROPERTY));
}

static void report(icalcomponent *calendar)
{
    int valid = icalrestriction_check(calendar); /* it writes the faults that it finds into the components */
    icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
    instants(calendar);
    if (event)
        first(calendar, event);
    printf(", \"valid\": %s, \"faults\": [", valid ? "true" : "false");
    faults(calendar, 0);
    printf("]}\n");
}

int main(void)
{
    char path[4096];
    while (fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\n")] = 0;
        char *text = contents(path);
        icalcomponent *calendar = icalparser_parse_string(text);
        if (calendar) {
            report(calendar);
            icalcomponent_free(calendar);
        } else {
            puts("{\"events\": 0, \"instants\": [], \"valid\": false, \"faults\": [\"no calendar\"]}");
        }
        free(text);
    }
    return 0;
}
