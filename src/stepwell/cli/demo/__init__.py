"""`stepwell demo`: the callback workflow, a kill in the middle, and how it goes on."""
