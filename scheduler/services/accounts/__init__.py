"""Who is asking: people of the clinic by account and session, programs by key, recipients by link."""
