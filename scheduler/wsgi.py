"""The application that gunicorn serves: `scheduler.wsgi:app`. Imported in each worker, after the fork."""

from config.logging import configure_logging
from config.settings import load_settings
from scheduler.app import create_app
from scheduler.bootstrap import bootstrap
from workers.doorbell import QueueDoorbell

settings = load_settings()
configure_logging(settings.log_level, settings.log_format)
runtime = bootstrap(settings, QueueDoorbell(settings.redis_url))
runtime.desk.clinics.known()  # so that this process has a number to call when the database goes away
app = create_app(runtime)
