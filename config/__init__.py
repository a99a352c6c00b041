"""How the service is set up: settings, logs, the HTTP server, an example clinic."""
