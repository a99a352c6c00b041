"""What is done to a visit after it is booked: each act one transaction, each told by one message."""
