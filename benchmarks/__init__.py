"""What is measured, and against what; the results are in docs/performance.md.

Machines differ and are noisy: every figure stands beside one of a floor that was measured in the same run.
"""
