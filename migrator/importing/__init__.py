"""Sessions of opencode 1 are made sessions of opencode 2 by the user's own opencode 2, which imports a copy of them."""
