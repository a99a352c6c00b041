"""`python -m scheduler.cli`: the command where no script is installed."""

from scheduler.cli import main

main(prog_name="visits")
