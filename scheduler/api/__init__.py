"""How programs ask: views translate, they decide nothing."""
