"""Where we keep it: PostgreSQL, and nothing else."""
