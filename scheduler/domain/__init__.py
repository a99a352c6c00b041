"""What is true: plain Python over the standard library; no I/O and no clock."""
