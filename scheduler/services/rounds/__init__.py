"""What becomes due by itself and is looked for again and again: requests, no-shows, places of patients."""
