"""Mail that comes back: bounces, complaints, answers to invites. Everything in it is somebody else's."""
