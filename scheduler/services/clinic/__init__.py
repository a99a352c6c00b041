"""The clinic file: read, checked, compared, and turned into the domain's `Clinic`."""
