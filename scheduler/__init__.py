"""The visit scheduler: read app.py, then bootstrap.py."""
