"""What is done to a visit after it is booked, and by whom: each act one transaction, told by one message."""
