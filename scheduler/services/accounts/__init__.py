"""People of the clinic who sign in: their accounts, and the sessions that a sign-in opens."""
