"""How we reach people: one file a channel, strangers to each other."""
