"""How the visit happens when it is by video: one file per vendor, strangers to each other."""
