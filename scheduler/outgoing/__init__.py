"""HTTP to addresses that other people name: webhooks, calendars. One way out, and it is guarded."""
