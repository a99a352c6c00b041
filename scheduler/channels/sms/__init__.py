"""How texts are handed to a provider: Twilio, any gateway over HTTP, or a console that shows them."""
