"""What may be and what follows: pure functions over plain values."""
