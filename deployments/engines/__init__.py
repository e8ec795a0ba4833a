"""What runs the scorers: one narrow contract, and a folder for each kind of engine behind it."""
