"""What people of the clinic have to do: opened and closed by the use cases, each with its cause."""
