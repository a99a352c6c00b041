"""What we do: one function, one use case; a package for each noun, whose first line says what is there.

Start with `ground/desk.py` (what a use case works with), `booking/making.py` and `changes/scene.py`. Packages
stand on floors, each above all that it uses: a contract in pyproject.toml names them.
"""
