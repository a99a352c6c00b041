"""The same service without HTTP: Celery carries hints, the sweeper finds what hints were lost for."""
