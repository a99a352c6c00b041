"""What every use case stands on: the desk it works at, one effect for one key, lists in pages, errands."""
