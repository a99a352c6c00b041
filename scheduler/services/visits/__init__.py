"""Reading a visit: for whoever holds its link, for staff, and finding it."""
