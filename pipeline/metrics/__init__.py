"""How good: metrics that know their direction, and intervals over people."""
