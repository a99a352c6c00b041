"""What operators ask and do: whether all is well, what waits; new keys, new rules of time zones."""
