"""Load scenarios against Stepwell and a ceiling probe, side by side."""
