"""What is not the weekly hours: extra hours, time off, and the visits that an absence meets."""
