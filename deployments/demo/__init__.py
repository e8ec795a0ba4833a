"""What the demo has deployed."""
