"""Nothing that is imported or collected is ever garbage: nobody looks through it, now or after each test.

A plugin of pytest that pyproject.toml names, for it has to come before all that is imported.
"""

import gc


def pytest_load_initial_conftests() -> None:
    gc.disable()


def pytest_collection_finish() -> None:
    gc.enable()
    gc.freeze()
