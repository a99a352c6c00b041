"""What the front desk looks at and works through: the day, its tasks and calls, evidence, numbers."""
